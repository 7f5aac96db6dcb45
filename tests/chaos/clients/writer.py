#!/usr/bin/python3
"""An application of migration gym: writer.py DRIVER ASKS PREPARES FIRST STOP

Writes exercises from number FIRST on until the file STOP is there; says "ok NUMBER" of each that was acknowledged and
"failed SQLSTATE" of each statement that was refused. DRIVER: psycopg, psycopg2. ASKS who owns the writes: after-error, or
behind-lock, at the start of each transaction, or at-begin, there
without a lock; select-star reads alone, all columns, whatever they are. PREPARES: yes or no, statements at the server. The connection is libpq's PG*."""
import importlib
import os
import sys
import time

driver, asks, prepares, first, stop = sys.argv[1:]
pg = importlib.import_module(driver)

# What a statement meets whose table has the other shape, or is the other side's.
MOVED = {"42703", "42P01", "23502", "23503", "0A000", "CF001"}
INSERT = {
    "v1": "insert into exercises (id, plan_id, title) values (%(id)s, 1 + %(id)s %% 100, 'by a client')",
    "v2": "insert into exercises (id, plan_id, owner, title) select %(id)s, id, owner, 'by a client' from plans where id = 1 + %(id)s %% 100",
}


def connect():
    connection = pg.connect("")
    if driver == "psycopg":
        connection.prepare_threshold = 0 if prepares == "yes" else None
    return connection


def write(connection, side, number):
    """One transaction; returns the side that it wrote."""
    cursor = connection.cursor()
    if asks == "select-star":
        cursor.execute("select * from exercises where id = 1")
        cursor.fetchall()
        connection.commit()
        return side
    if asks == "behind-lock":
        cursor.execute("lock table exercises in row exclusive mode")
    if asks != "after-error":
        side = None
    if side is None:
        cursor.execute("select crossfade.owner('gym')")
        side = cursor.fetchone()[0]
    cursor.execute(INSERT[side], {"id": number})
    connection.commit()
    return side


connection, side, number = None, None, int(first)
while not os.path.exists(stop):
    try:
        connection = connection or connect()
        side = write(connection, side, number)
    except pg.Error as error:
        state = error.sqlstate if driver == "psycopg" else error.pgcode
        print("failed", state, flush=True)
        if state not in MOVED:
            raise
        connection.rollback()
        side = None
        continue
    print("ok", number, flush=True)
    number += 1
    time.sleep(0.03)
