#pragma once

namespace crossfade {

/// What the process tells the shell. Documented; scripts rely on the numbers.
enum class ExitCode : int {
  kOk = 0,
  kInternal = 1,            ///< a defect of crossfade itself
  kUsage = 2,               ///< the command line or a file of the migration is wrong
  kPrecondition = 3,        ///< the database is not as it must be; the message says what mends it
  kMismatch = 4,            ///< verification found drift, or accounting found rows unaccounted for
  kNotReady = 5,            ///< not in the phase that the command needs, or no daemon runs
  kSourceUnreachable = 6,   ///< no connection to the source
  kTargetUnreachable = 7,   ///< no connection to the target
  kPermission = 8,          ///< the database refused for lack of a privilege or a wrong password
  kNotLeader = 9,           ///< another daemon holds the lease
  kTimeout = 10,            ///< what was waited for did not happen in time
  kOutcomeUnknown = 11,     ///< a commit's answer was lost; a person must look
};

}  // namespace crossfade
