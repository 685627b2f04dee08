"""A disk with a class, a snapshot, a copy of it and a policy."""

import pulumi
import krstorage_pulumi as krstorage

ssd = krstorage.Pool("ssd", backend="main", reserve="0B", trash_retention="7d")

database = krstorage.VolumeClass(
    "database",
    pools=[ssd.id],
    qos=krstorage.QosArgs(iops=2000),
)

pgdata = krstorage.Volume(
    "pgdata",
    volume_class=database.definition,
    size="4MiB",
    labels={"service": "postgres"},
)

before = krstorage.Snapshot("before", source=pgdata.id)

rehearsal = krstorage.Volume(
    "rehearsal",
    pool=ssd.id,
    size="8MiB",
    source=krstorage.VolumeSourceArgs(snapshot=before.id),
)

krstorage.SnapshotPolicy(
    "nightly",
    schedule="30 2 * * *",
    timezone="Europe/Berlin",
    retention=krstorage.RetentionArgs(keep_daily=7, keep_weekly=4),
    targets=[pgdata.id],
)

pulumi.export("disk", pgdata.connection)
pulumi.export("copyBytes", rehearsal.size_bytes)
