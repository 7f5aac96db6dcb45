/* The cutover of the writes where v1 and v2 are on two servers: close, then open. Two servers have no commit in common; so each has a
 * row that says which way the migration goes, since which turn, and who owned the data last. The side that owns the data closes itself,
 * under the locks that its writers wait for, and writes the next turn; then the other side follows with the same turn, and opens itself.
 * Between the two nobody writes. Whoever comes then, after whatever crash, finds two turns: the higher one says where it goes, and the
 * server with the lower one has to follow. Or it is undone, which is decided where it would have been opened: that server writes a still
 * higher turn, by which it stays closed and the other one opens. Each of these is a compare-and-set of one server's turn.
 *
 * Checked for: never two servers that accept writes, exactly one that does where the turns are equal, and none where they are not; no
 * acknowledged write is lost; whatever breaks there is a next step, and nobody waits for ever. Broken off are: the command, of which two
 * may run, each with its own wish, before and after each step; a commit, whose answer is lost, and which happens later or not at all; the
 * daemon; and v2's server may come back, between the two commits, without the last rows that it was given. A server that is not to be
 * reached is one by which a step comes later, or a command gives up: both are here. What is not promised is not here: that the server
 * which has the data comes back without commits that it has acknowledged, its own turn or an application's.
 *
 * src/cutover/across performs it from v1 to v2, and takes back what was not opened; the way back from v2 is here alone.
 *
 * Leaving out what the protocol rests on must be found; that is tested too: NO_BARRIER, NO_FENCE, NO_EPOCH, OPEN_FIRST (the two commits
 * exchanged), NO_COMPARE (a server opens whatever its turn has become), UNDO_ALONE (undone without asking the server that it was to go
 * to), NO_SECOND_LOOK (opened without asking again whether all that stands before the barrier is there), BLIND_LEASE (the daemon does not
 * look, in the transaction that takes its lease, whether that server still stands where it was seen).
 */
#define WRITERS  1
#define WRITES   2             /* of each */
#define ANY      2              /* to wherever the migration goes */
#define ACKED    (WRITERS * WRITES)

/* What each server says of itself: 0 is v1's, 1 is v2's. */
byte turn[2];
byte goes_to[2];               /* the side that is to be written; a server is open where that is itself */
byte owned[2];                 /* the side that had the data when this was written */
byte barrier[2];               /* what the other one has to have before it opens */
byte rows[2];                  /* the acknowledged writes that it has */
byte consistent[2];            /* of the engine that writes here; a position is the number of writes before it */
byte epoch[2];                 /* of that engine's lease */

byte writing[2];               /* transactions that have written and are not committed: each has its table's lock */
bool held[2];                  /* a command has them all */
bool row_locked[2];            /* somebody changes turn and direction */

/* A commit that was sent: it happens, sooner or later, or the server has lost it. */
bool sent[2];
byte sent_turn[2], sent_to[2], sent_owned[2], sent_barrier[2];

byte acked = 0;                /* what the applications were told is there */
byte commands = 2;             /* that move the writes by themselves; one that finds them between two servers is always to be had */
byte crashes = 1;              /* of a command, of the session that commits, or of the daemon */
byte setbacks = 1;             /* of v2's server */

#define IS_OPEN(s)   (goes_to[s] == s)
#define ALONE        assert(!(IS_OPEN(0) && IS_OPEN(1)))
#define DECIDED      assert((turn[0] == turn[1]) -> (goes_to[0] == goes_to[1]) : (!IS_OPEN(0) && !IS_OPEN(1)))
/* Who has the data: the one that is open, or the one that was. */
#define HIGHER       (turn[1] > turn[0])
#define TRUTH        ((turn[0] == turn[1]) -> goes_to[0] : owned[HIGHER])
#define NOTHING_LOST assert(rows[TRUTH] == acked)

/* An application: writes where it wrote last, and on the other server where that one refuses. */
proctype application() {
  byte left = WRITES;
  byte side = 0;
  do
  :: left == 0 -> break
  :: left > 0 ->
     atomic { !held[side] -> writing[side]++ }
     if
#ifdef NO_FENCE
     :: true ->
#else
     :: IS_OPEN(side) ->                        /* the fence looks at its own server alone; the lock is held: nobody can turn it now */
#endif
        atomic {                                /* commit */
          assert(IS_OPEN(side) && !IS_OPEN(1 - side));
          rows[side]++; acked++; writing[side]--; left--;
          NOTHING_LOST
        }
#ifndef NO_FENCE
     :: !IS_OPEN(side) -> atomic { writing[side]--; side = 1 - side }      /* nothing was written; the hint says where to go */
#endif
     fi
  od
}

/* The daemon: reads both rows, takes the lease on the server that it is to write, and refreshes that from one snapshot of the other after the other. */
proctype engine() {
  byte seen[2], mine, from, snapshot;
  bool first;                                   /* what a daemon that starts finds in the queue may be there already */
end_idle:
  do
  :: atomic { seen[0] = turn[0]; from = goes_to[0]; snapshot = owned[0] }
     atomic {
       seen[1] = turn[1];
       if
       :: seen[1] > seen[0] -> from = owned[1]
       :: seen[1] < seen[0] -> from = snapshot
       :: else
       fi;
       snapshot = 0
     }
     atomic {                                   /* take_lease */
       if
#ifndef BLIND_LEASE
       :: turn[1 - from] != seen[1 - from] || IS_OPEN(1 - from) -> mine = 255
#endif
       :: else -> mine = epoch[1 - from]
       fi;
       seen[0] = 0; seen[1] = 0; first = true
     }
end_follow:
     do
     :: atomic { rows[from] != consistent[1 - from] || mine != epoch[1 - from] || first -> snapshot = rows[from]; first = false }
        atomic {                                /* commit: the lease is looked at in the transaction that writes */
          if
#ifdef NO_EPOCH
          :: mine == 255 -> snapshot = 0; break
#else
          :: mine != epoch[1 - from] -> snapshot = 0; break                /* refused */
#endif
          :: else ->
             rows[1 - from] = snapshot;
             consistent[1 - from] = snapshot;
             snapshot = 0;
             NOTHING_LOST
          fi
        }
     :: atomic { crashes > 0 -> crashes--; break }                         /* kill -9, started again */
     od
  od
}

/* What a server does with a commit that it was sent, whoever has sent it and may be gone. */
proctype server(byte s) {
end_idle:
  do
  :: atomic { sent[s] ->
       if
       :: true ->
          if
          :: sent_to[s] == s -> epoch[s]++; owned[s] = s                   /* it opens: no engine writes here any more */
          :: else ->
             owned[s] = sent_owned[s];
             if
             :: IS_OPEN(s) -> consistent[s] = rows[s]                      /* it closes: what follows from here has all of it */
             :: else
             fi
          fi;
          turn[s] = sent_turn[s]; goes_to[s] = sent_to[s]; barrier[s] = sent_barrier[s]
       :: crashes > 0 -> crashes--
       fi;
       sent[s] = false; row_locked[s] = false; held[s] = false;
       sent_turn[s] = 0; sent_to[s] = 0; sent_owned[s] = 0; sent_barrier[s] = 0;
       ALONE; DECIDED; NOTHING_LOST
     }
  od
}

/* A failover of v2's server, while v1's has the data, to a standby that has not all rows yet. */
proctype setback() {
end_idle:
  atomic { TRUTH == 0 && !IS_OPEN(0) && rows[1] > 0 && !row_locked[1] -> rows[1]--; consistent[1] = rows[1]; setbacks-- }
}

/* Whoever sends a commit has the row's lock, and has looked under it whether the turn is the one that was seen. */
#define SEND(s, number, to, from, behind) \
  sent_turn[s] = number; sent_to[s] = to; sent_owned[s] = from; sent_barrier[s] = behind; sent[s] = true
#define OR_BROKEN_OFF :: atomic { crashes > 0 -> crashes--; goto over }

/* A command. Everything it knows by itself is lost in a crash; what it does next follows from what the two rows say. */
proctype command() {
  byte wanted, number[2], to[2], had[2], least[2], low, high;
  bool has_row, has_tables;                     /* of the one that is to open; of the one that is to close */
end_idle:
  do
  :: atomic { commands > 0 -> commands--; if :: wanted = 0 :: wanted = 1 fi; goto look }
  :: atomic { turn[0] != turn[1] -> wanted = ANY }     /* whoever finds it so */
look:
     atomic { number[0] = turn[0]; to[0] = goes_to[0]; had[0] = owned[0]; least[0] = barrier[0] }
     atomic {
       number[1] = turn[1]; to[1] = goes_to[1]; had[1] = owned[1]; least[1] = barrier[1];
       if
       :: number[0] == number[1] && (to[0] == wanted || wanted == ANY) -> goto over                  /* step: done */
       :: number[0] == number[1] && to[0] != wanted && wanted != ANY -> high = 1 - wanted
       :: number[0] != number[1] ->
          high = (number[1] > number[0]);
          if
          :: wanted == ANY -> wanted = to[high]
          :: else
          fi
       fi;
       low = 1 - high
     }
     if
     :: number[0] == number[1] ->
        /* step: flip */
        if                                                                 /* hold */
        :: atomic { !held[high] && writing[high] == 0 -> held[high] = true; has_tables = true }
        :: goto over                                                      /* the locks are not to be had */
        fi;
        /* Barrier and drain; and all is done on the server that will open, but for its commit. Then on the one that closes. */
        if
#ifdef NO_BARRIER
        :: atomic { !row_locked[low] && turn[low] == number[low] ->
             least[high] = consistent[low]; row_locked[low] = true; has_row = true }
#else
        :: atomic { consistent[low] >= rows[high] && !row_locked[low] && turn[low] == number[low] ->
             least[high] = rows[high]; row_locked[low] = true; has_row = true }
#endif
        :: goto over
        fi;
#ifdef OPEN_FIRST
        atomic { has_row = false; SEND(low, number[low] + 1, low, low, 0) };
        !sent[low];
#endif
        if                                                                 /* close */
        :: atomic { !row_locked[high] && turn[high] == number[high] ->
             row_locked[high] = true; has_tables = false; SEND(high, number[high] + 1, low, high, least[high]) }
        :: row_locked[high] || turn[high] != number[high] -> goto over
        fi;
        if
        :: atomic { !sent[high] ->                                         /* the answer came */
#ifdef OPEN_FIRST
             goto over
#else
             if
             :: turn[high] == number[high] + 1
             :: else -> goto over                                          /* it has not closed: nothing has changed */
             fi
#endif
           }
        OR_BROKEN_OFF                                                      /* it did not */
        fi;
        if                                                                 /* open */
        :: atomic { has_row = false; SEND(low, number[high] + 1, low, low, 0) }
        OR_BROKEN_OFF
        fi
     :: else ->                                                            /* nobody writes */
#ifdef UNDO_ALONE
        if
        :: wanted != to[high] ->
           atomic { !row_locked[high] && turn[high] == number[high] -> row_locked[high] = true; SEND(high, number[low], high, high, 0) };
           goto over
        :: else
        fi;
#endif
        if
#ifdef NO_COMPARE
        :: atomic { !row_locked[low] -> row_locked[low] = true; has_row = true }
#else
        :: atomic { !row_locked[low] && turn[low] == number[low] -> row_locked[low] = true; has_row = true }
#endif
        :: row_locked[low] || turn[low] != number[low] -> goto over        /* somebody was here */
        fi;
        if
        :: wanted != to[high] -> atomic { has_row = false; SEND(low, number[high] + 1, high, had[high], least[high]) }         /* step: undo */
#ifdef NO_SECOND_LOOK
        :: wanted == to[high] ->
#else
        :: wanted == to[high] && had[high] != low && consistent[low] < least[high] -> goto over                                /* step: wait for the drain */
        :: wanted == to[high] && (had[high] == low || consistent[low] >= least[high]) ->
#endif
           atomic { has_row = false; SEND(low, number[high], low, low, 0) }                                                    /* step: open */
        OR_BROKEN_OFF
        fi
     fi;
     if
     :: !sent[low]                                                         /* the answer came */
     OR_BROKEN_OFF                                                         /* it did not */
     fi;
over:                                                                      /* what was not sent the server takes back, with the session */
     atomic {
       if :: has_row -> row_locked[low] = false :: else fi;
       if :: has_tables -> held[high] = false :: else fi;
       has_row = false; has_tables = false;
       wanted = 0; low = 0; high = 0;
       number[0] = 0; number[1] = 0; to[0] = 0; to[1] = 0; had[0] = 0; had[1] = 0; least[0] = 0; least[1] = 0
     }
  od
}

/* Nobody is kept from writing for ever, whatever breaks. */
ltl all_written { <> (acked == ACKED) }

init {
  atomic {
    byte n;
    for (n : 1 .. WRITERS) { run application() }
    run engine();
    run server(0);
    run server(1);
    run setback();
    run command();
    run command()
  }
}
