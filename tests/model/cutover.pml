/* The cutover of the writes as a protocol: applications that write, the engine that keeps the other side true, and a cutover
 * that goes there and back, with every one of its steps broken off anywhere and begun again. Checked for: no acknowledged
 * write is lost, never two sides accept writes, and nobody waits for ever. Steps are called as in src/cutover/writes/decide.h; a test compares.
 *
 * Leaving out what the protocol rests on (NO_BARRIER, NO_FENCE, NO_EPOCH) must be found; that is tested too.
 */
#define WRITERS 2
#define WRITES  2              /* of each */
#define ACKED   (WRITERS * WRITES)
#define FLIPS   3              /* to v2, back, and to v2 again */

byte owner = 0;                /* crossfade.migration.direction: 0 is v1, 1 is v2 */
byte epoch = 0;                /* crossfade.lease.epoch */
byte consistent = 0;           /* crossfade.checkpoint.consistent_lsn; a position is the number of writes before it */
byte rows[2];                  /* the acknowledged writes that each side has */

byte acked = 0;                /* what the applications were told is there */
byte writing = 0;              /* transactions that have written and are not committed: each has its table's lock */
bool held = false;             /* the cutover has them all */
byte crashes = 1;              /* of the command */
byte kills = 1;                /* of the daemon */
byte attempts = 3;             /* a cutover gives up after so many */

/* Whoever owns the data has every write that was acknowledged. */
#define NOTHING_LOST assert(rows[owner] == acked)

/* An application: asks which side, writes it, and asks again when that side refuses. */
proctype application() {
  byte left = WRITES;
  byte side;
  do
  :: left == 0 -> break
  :: else ->
     side = owner;                              /* crossfade.route, in a transaction of its own: old at once */
     atomic { !held -> writing++ }
     if
#ifdef NO_FENCE
     :: true ->
#else
     :: side == owner ->                        /* the lock is held: nobody can turn it now */
#endif
        atomic {                                /* commit */
          assert(side == owner);                /* never two sides that accept writes */
          rows[side]++; acked++; writing--; left--; side = 0;
          NOTHING_LOST
        }
#ifndef NO_FENCE
     :: side != owner -> atomic { writing--; side = 0 }              /* the fence; nothing was written */
#endif
     fi
  od
}

/* The daemon: reads the direction, then refreshes the other side from one snapshot after the other. */
proctype engine() {
  byte mine, from, snapshot;
end_idle:
  do
  :: atomic { mine = epoch; from = owner }      /* take_lease */
     do
     :: rows[from] != consistent || mine != epoch ->
        snapshot = rows[from];
        atomic {                                /* commit: the lease is looked at in the transaction that writes */
          if
#ifndef NO_EPOCH
          :: mine != epoch -> break             /* refused: the direction has turned */
#endif
          :: else ->
             rows[1 - from] = snapshot;
             consistent = snapshot;
             snapshot = 0;
             NOTHING_LOST
          fi
        }
     :: kills > 0 -> kills--; break             /* kill -9, started again */
     od
  od
}

/* The command. Everything it knows by itself is lost in a crash; what it does next follows from what is there. */
proctype cutover() {
  byte flips = FLIPS;
  byte wanted = 1;
  byte barrier;
  do
  :: flips == 0 || attempts == 0 -> break
  :: else ->
     if                                         /* step: look up */ /* the commit may have happened before a crash; never repeated */
     :: owner == wanted ->                      /* step: done */
        flips--; wanted = 1 - wanted
     :: else ->
        attempts--;
hold:   /* step: hold */
        atomic { !held && writing == 0 -> held = true }
#ifdef NO_BARRIER
        skip;
#else
emit:   /* step: barrier */
        if
        :: barrier = rows[owner]                /* everything that has committed stands before it in the log */
        :: crashes > 0 -> crashes--; goto release
        fi;
drain:  /* step: drain */
        if
        :: consistent >= barrier
        :: goto release                         /* the limit of the hold is over */
        :: crashes > 0 -> crashes--; goto release
        fi;
#endif
commit: /* step: commit */
        if
        :: atomic {
             owner = wanted;
             epoch++;
             consistent = rows[wanted];
             held = false;
             barrier = 0;
             NOTHING_LOST
           }
           if
           :: skip                              /* the answer came */
           :: crashes > 0 -> crashes--          /* it did not */
           fi;
           goto next
        :: crashes > 0 -> crashes--
        fi;
release: /* step: release */
        atomic { held = false; barrier = 0 }                          /* by rollback, or by the server when the session is lost */
next:   skip
     fi
  od
}

/* Nobody is kept from writing for ever, whatever breaks. */
ltl all_written { <> (acked == ACKED) }

init {
  atomic {
    byte n;
    for (n : 1 .. WRITERS) { run application() }
    run engine();
    run cutover()
  }
}
