select system_identifier, timeline, slot, slot_created_lsn, settled_lsn, consistent_lsn
from crossfade.checkpoint where migration = $1
