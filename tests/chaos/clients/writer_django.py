#!/usr/bin/python3
"""The same as writer.py, by Django's models: writer_django.py ASKS PREPARES FIRST STOP

One model for each side's shape; what a flip refuses comes as Django's own exceptions."""
import os
import sys
import time

import django
from django.conf import settings
from django.db import DatabaseError, connection, models, transaction

asks, _, first, stop = sys.argv[1:]

settings.configure(DATABASES={"default": {
    "ENGINE": "django.db.backends.postgresql", "NAME": os.environ["PGDATABASE"], "USER": os.environ["PGUSER"],
    "HOST": os.environ["PGHOST"], "PORT": os.environ["PGPORT"], "CONN_MAX_AGE": None}})
django.setup()

# What a statement meets whose table has the other shape, or is the other side's.
MOVED = {"42703", "42P01", "23502", "23503", "0A000", "CF001"}


class Exercise(models.Model):
    id = models.IntegerField(primary_key=True)
    plan_id = models.IntegerField()
    title = models.CharField(max_length=40)

    class Meta:
        app_label, db_table, managed, abstract = "gym", "exercises", False, True


class OldExercise(Exercise):
    class Meta(Exercise.Meta):
        abstract = False


class NewExercise(Exercise):
    owner = models.TextField()

    class Meta(Exercise.Meta):
        abstract = False


class Plan(models.Model):
    id = models.IntegerField(primary_key=True)
    owner = models.TextField()

    class Meta:
        app_label, db_table, managed = "gym", "plans", False


def ask():
    with connection.cursor() as cursor:
        if asks == "behind-lock":
            cursor.execute("lock table exercises in row exclusive mode")
        cursor.execute("select crossfade.owner('gym')")
        return cursor.fetchone()[0]


def write(side, number):
    """One transaction; returns the side that it wrote."""
    with transaction.atomic():
        if side is None or asks == "behind-lock":
            side = ask()
        plan_id = 1 + number % 100
        if side == "v1":
            OldExercise.objects.create(id=number, plan_id=plan_id, title="by a client")
        else:
            NewExercise.objects.create(id=number, plan_id=plan_id, owner=Plan.objects.get(id=plan_id).owner, title="by a client")
    return side


side, number = None, int(first)
while not os.path.exists(stop):
    try:
        side = write(side, number)
    except DatabaseError as error:
        state = error.__cause__.pgcode
        print("failed", state, flush=True)
        if state not in MOVED:
            raise
        side = None
        continue
    print("ok", number, flush=True)
    number += 1
    time.sleep(0.03)
