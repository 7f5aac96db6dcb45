// Boost.JSON without a library: its code is compiled here, once.
#include <boost/json/src.hpp>
