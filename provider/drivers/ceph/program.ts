/**
 * The program that speaks to Ceph: Ceph's own libraries, librados, librbd and libcephfs, by their Python bindings, which every system with
 * `ceph-common` has. It runs as long as the driver is open, reads requests as lines of JSON and answers each by its number.
 * It is kept as text because it must be found in an npm package, a plugin archive and a clone alike.
 *
 * It decides nothing: what may be done is decided in TypeScript, under the transactions of `table.ts`.
 */
export const program = String.raw`
import ctypes, json, os, signal, struct, sys, threading, time, uuid
from concurrent.futures import ThreadPoolExecutor
import errno as E

import rados, rbd

TABLE = "krstorage.table"
SPACE = "krstorage"
COPY = "krstorage.copy"
FEATURES = rbd.RBD_FEATURE_LAYERING | rbd.RBD_FEATURE_EXCLUSIVE_LOCK | rbd.RBD_FEATURE_OBJECT_MAP \
    | rbd.RBD_FEATURE_FAST_DIFF | rbd.RBD_FEATURE_DEEP_FLATTEN
settings = json.loads(sys.stdin.readline())
guard = threading.Lock()
# Ctrl-C in a terminal reaches us too; what is under way is ended by whoever asked for it
signal.signal(signal.SIGINT, signal.SIG_IGN)
cluster = None
refused, refused_until = None, 0

def connection():
    """
    A cluster that could not be reached counts as that for as long as it took to find out: requests that come one after the other, a
    preview of many volumes, would each wait for it else.
    """
    global cluster, refused, refused_until
    asked = time.monotonic()
    with guard:
        if cluster is None and asked < refused_until:
            raise refused
        if cluster is None:
            opened, began = None, time.monotonic()
            try:
                # The user's own ceph.conf is another matter: only the file that the backend names is read
                file = settings.get("configFile") or rados.Rados.NO_CONF_FILE
                opened = rados.Rados(name="client." + settings["user"], conffile=file, conf=settings["conf"])
                opened.connect(timeout=settings["connectTimeout"])
            except Exception as error:
                if opened is not None:
                    opened.shutdown()
                refused = Failure(getattr(error, "errno", None) or E.ETIMEDOUT, str(error), "connect")
                ended = time.monotonic()
                refused_until = ended + (ended - began)
                raise refused
            cluster = opened
        return cluster

class Failure(Exception):
    def __init__(self, number, text, step=None):
        super().__init__(text)
        self.number, self.step = number, step

def io(pool, space=""):
    opened = connection().open_ioctx2(pool)
    opened.set_namespace(space)
    # In a full pool what needs room fails, and what frees it goes through; otherwise both would wait
    opened.set_osdmap_full_try()
    return opened

def command(args):
    number, out, text = connection().mon_command(json.dumps(args["command"]), b"")
    if number != 0:
        raise Failure(-number, text)
    return {"out": out.decode(), "text": text}

def pool_id(args):
    number = connection().wait_for_latest_osdmap()
    if number:
        # By an older map a pool may seem not to be there
        raise Failure(abs(number), os.strerror(abs(number)))
    return connection().pool_lookup(args["name"])

def fsid(args):
    return connection().get_fsid()

def monitors(args):
    return connection().conf_get("mon_host")

# The table: one object with sorted keys. Its key "gen" changes with every write and is compared by the OSD in the same step.

def rows_of(pool, name):
    rows, after, part = [], "", 900
    with io(pool, SPACE) as table:
        while True:
            with rados.ReadOpCtx() as op:
                found, _ = table.get_omap_vals(op, after, "", part)
                try:
                    table.operate_read_op(op, name)
                except rados.ObjectNotFound:
                    return None
                # What is no text is damaged, and is to be told as that
                page = [(key, value.decode(errors="replace")) for key, value in found]
            rows.extend(page)
            if len(page) == 0:
                return rows
            after = page[-1][0]

def table_read(args):
    return rows_of(args["pool"], TABLE)

def row_of(pool, key, absent=None):
    """None where there is no table."""
    with io(pool, SPACE) as table, rados.ReadOpCtx() as op:
        found, _ = table.get_omap_vals_by_keys(op, (key,))
        try:
            table.operate_read_op(op, TABLE)
        except rados.ObjectNotFound:
            return None
        return dict((name, value.decode(errors="replace")) for name, value in found).get(key, absent)

def table_gen(args):
    # A table that has lost the key compares as one that has it empty
    return row_of(args["pool"], "gen", "")

def table_write(args):
    with io(args["pool"], SPACE) as table, rados.WriteOpCtx() as op:
        if args["gen"] is None:
            op.new(rados.LIBRADOS_CREATE_EXCLUSIVE)
        else:
            op.omap_cmp("gen", args["gen"], rados.LIBRADOS_CMPXATTR_OP_EQ)
        if args["set"]:
            table.set_omap(op, tuple(args["set"].keys()), tuple(value.encode() for value in args["set"].values()))
        if args["remove"]:
            table.remove_omap_keys(op, tuple(args["remove"]))
        try:
            table.operate_write_op(op, TABLE)
        except (rados.ObjectExists, rados.ObjectNotFound):
            return False
        except rados.Error as error:
            if error.errno == E.ECANCELED:
                return False
            raise
        return True

# The second copy of the table, an object of its own, so that it lies elsewhere. Its key "whole" says that it was begun with everything.

def copy_read(args):
    return rows_of(args["pool"], COPY)

def copy_write(args):
    """False where there is no whole copy that these keys could be put into. With "whole" they are all of it."""
    with io(args["pool"], SPACE) as copy, rados.WriteOpCtx() as op:
        if args["whole"]:
            op.new(rados.LIBRADOS_CREATE_IDEMPOTENT)
            copy.clear_omap(op)
            copy.set_omap(op, ("whole",), (b"1",))
        else:
            op.omap_cmp("whole", "1", rados.LIBRADOS_CMPXATTR_OP_EQ)
        if args["set"]:
            copy.set_omap(op, tuple(args["set"].keys()), tuple(value.encode() for value in args["set"].values()))
        if args["remove"]:
            copy.remove_omap_keys(op, tuple(args["remove"]))
        try:
            copy.operate_write_op(op, COPY)
        except rados.ObjectNotFound:
            return False
        except rados.Error as error:
            if error.errno == E.ECANCELED:
                return False
            raise
        return True

def records_drop(args):
    """Everything of ours in a pool that is not; the table last, since it says what is going on, and only where nobody has written since."""
    if table_gen(args) != args["gen"]:
        return False
    with io(args["pool"], SPACE) as opened:
        for name in (COPY, CLOCK):
            try:
                opened.remove_object(name)
            except rados.ObjectNotFound:
                pass
        with rados.WriteOpCtx() as op:
            op.omap_cmp("gen", args["gen"], rados.LIBRADOS_CMPXATTR_OP_EQ)
            op.remove()
            try:
                opened.operate_write_op(op, TABLE)
            except rados.ObjectNotFound:
                pass
            except rados.Error as error:
                if error.errno == E.ECANCELED:
                    return False
                raise
        return True

def encoded(body):
    return struct.pack("<BBI", 1, 1, len(body)) + body

def encoded_text(text):
    return struct.pack("<I", len(text.encode())) + text.encode()

CLOCK, COOKIE, SECONDS = "krstorage.clock", uuid.uuid4().hex, 60

def clock(args):
    """The time of an OSD, in ms: it dates the end of a shared lock, and tells it. (The bindings' own call leaves a part of the duration undefined.)"""
    shared, may_renew = 2, 1
    lock = encoded_text("clock") + struct.pack("<B", shared) + encoded_text(COOKIE) + encoded_text("") + encoded_text("") \
        + struct.pack("<IIB", SECONDS, 0, may_renew)
    with io(args["pool"], SPACE) as table:
        table.execute(CLOCK, "lock", "lock", encoded(lock))
        _, answer = table.execute(CLOCK, "lock", "get_info", encoded(encoded_text("clock")))
    # Each part begins with two version bytes and its length. A part a holder: first who (9 bytes, then the cookie), then until when
    at, wanted = 10, COOKIE.encode()
    for _ in range(struct.unpack_from("<I", answer, 6)[0]):
        length, = struct.unpack_from("<I", answer, at + 2)
        is_mine = answer[at + 19:at + 6 + length] == wanted
        at += 6 + length
        length, ends, nanos = struct.unpack_from("<III", answer, at + 2)
        if is_mine:
            return (ends - SECONDS) * 1000 + nanos // 1000000
        at += 6 + length
    raise Failure(E.EIO, "the lock that tells the time is not there")

# Images, always by id: a name may be somebody else's by the time it is used.

def image(opened, args, read_only=True):
    return rbd.Image(opened, image_id=args["image"], read_only=read_only)

LIMITS, PAGE = "metadata_conf_rbd_qos_", 900

def more_snapshots(opened, name, page):
    """Those after a first page. An OSD may answer with fewer than it was asked for; with so few it has no more."""
    keys = []
    while len(page) >= 50:
        with rados.ReadOpCtx() as op:
            found, _ = opened.get_omap_vals(op, page[-1], "snapshot_", PAGE)
            opened.operate_read_op(op, "rbd_header." + name)
            page = [key for key, _ in found]
        keys.extend(page)
    return keys

def images(args):
    """Sizes, snapshots and limits of images by id; those that are not there are left out. And what is in the trash."""
    found = {}
    with io(args["pool"]) as opened:
        for name in args["images"]:
            with rados.ReadOpCtx() as op:
                size, _ = opened.get_omap_vals_by_keys(op, ("size",))
                limits, _ = opened.get_omap_vals(op, "", LIMITS, 100)
                snapshots, _ = opened.get_omap_vals(op, "", "snapshot_", PAGE)
                try:
                    opened.operate_read_op(op, "rbd_header." + name)
                    page = [key for key, _ in snapshots]
                    page += more_snapshots(opened, name, page)
                except rados.ObjectNotFound:
                    continue
            sizes = [struct.unpack("<Q", value)[0] for _, value in size]
            if sizes:
                numbers = [int(key[len("snapshot_"):], 16) for key in page]
                found[name] = [sizes[0], numbers, dict((key[len("metadata_conf_"):], value.decode()) for key, value in limits)]
        trash = [each["id"] for each in rbd.RBD().trash_list(opened)]
    return {"found": found, "trash": trash}

def names(args):
    with io(args["pool"]) as opened:
        lib = rbd.RBD()
        return {
            "images": [[each["id"], each["name"]] for each in lib.list2(opened)],
            "trash": [[each["id"], each["name"]] for each in lib.trash_list(opened)],
            "namespaces": list(lib.namespace_list(opened)),
        }

def id_of(opened, name):
    for each in rbd.RBD().list2(opened):
        if each["name"] == name:
            return each["id"]
    return None

def image_id(args):
    with io(args["pool"]) as opened:
        return id_of(opened, args["name"])

def image_create(args):
    with io(args["pool"]) as opened:
        rbd.RBD().create(opened, args["name"], args["size"], old_format=False, features=FEATURES, data_pool=args["dataPool"])
        # As librbd itself looks an id up; opening the image for it would take as long as making it
        _, answer = opened.execute("rbd_id." + args["name"], "rbd", "get_id", b"")
        length, = struct.unpack_from("<I", answer)
        return answer[4:4 + length].decode()

def image_clone(args):
    """A clone, grown to its size. The parent's snapshot stays as long as the clone needs it, also when it is removed (clone v2)."""
    with io(args["pool"]) as opened:
        with rbd.Image(opened, image_id=args["parent"], read_only=True) as parent:
            parent_name = parent.get_name()
        rbd.RBD().clone(opened, parent_name, args["snapshot"], opened, args["name"], features=FEATURES, data_pool=args["dataPool"])
        with rbd.Image(opened, args["name"]) as made:
            # A clone takes along what its parent is held to
            for key in [key for key, _ in made.metadata_list()]:
                if key.startswith("conf_rbd_qos_") and key.endswith(("_limit", "_burst", "_burst_seconds")):
                    made.metadata_remove(key)
            if made.size() < args["size"]:
                made.resize(args["size"], allow_shrink=False)
            return made.id()

def image_grow(args):
    with io(args["pool"]) as opened, image(opened, args, read_only=False) as grown:
        if grown.size() < args["size"]:
            grown.resize(args["size"], allow_shrink=False)
        return grown.size()

def image_watchers(args):
    with io(args["pool"]) as opened, image(opened, args) as seen:
        return [{"address": each["addr"], "client": each["id"]} for each in seen.watchers_list()]

def checked(number, what, step=None):
    if number < 0:
        raise Failure(-number, "%s: %s" % (what, os.strerror(-number)), step)

asking, asking_guard = None, threading.Lock()

def asked_by():
    """A connection by librados itself: Python's binding keeps to itself who has acknowledged a notification."""
    global asking
    with asking_guard:
        if asking is None:
            lib, made = ctypes.CDLL("librados.so.2"), ctypes.c_void_p()
            checked(lib.rados_create2(ctypes.byref(made), b"ceph", ("client." + settings["user"]).encode(), ctypes.c_uint64(0)), "rados_create", "connect")
            try:
                if settings.get("configFile"):
                    checked(lib.rados_conf_read_file(made, settings["configFile"].encode()), "rados_conf_read_file", "connect")
                for key, value in settings["conf"].items():
                    checked(lib.rados_conf_set(made, key.encode(), value.encode()), "rados_conf_set", "connect")
                checked(lib.rados_connect(made), "rados_connect", "connect")
            except Failure:
                lib.rados_shutdown(made)
                raise
            asking = lib, made
        return asking

def image_roll_call(args):
    """
    Which clients of those that have the image open are alive: an empty notification says "look at the header again", and who has looked
    acknowledges it. A client that died just as it opened the image is in neither list: the OSD lists it, and does not ask it.
    """
    lib, connected = asked_by()
    opened, reply, length = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
    checked(lib.rados_ioctx_create2(connected, ctypes.c_int64(args["pool"]), ctypes.byref(opened)), "rados_ioctx_create")
    try:
        name = ("rbd_header." + args["image"]).encode()
        number = lib.rados_notify2(opened, name, b"", 0, ctypes.c_uint64(args["waitMs"]), ctypes.byref(reply), ctypes.byref(length))
        body = ctypes.string_at(reply, length.value) if reply else b""
        lib.rados_buffer_free(reply)
    finally:
        lib.rados_ioctx_destroy(opened)
    # Out of time with an account of who is silent; one without has never been begun, and says nothing of anybody
    if number != -E.ENOENT and not (number == -E.ETIMEDOUT and body):
        checked(number, "rados_notify")
    answered, silent = [], []
    if body:
        # Those that have acknowledged: how many, and of each the client, its cookie, and the length of what it says
        count, at = struct.unpack_from("<I", body)[0], 4
        for _ in range(count):
            client, _, said = struct.unpack_from("<QQI", body, at)
            answered.append(client)
            at += 20 + said
        # Those that have not in time
        count, at = struct.unpack_from("<I", body, at)[0], at + 4
        silent = [struct.unpack_from("<QQ", body, at + 16 * index)[0] for index in range(count)]
    return {"answered": answered, "silent": silent}

def image_write_file(args):
    """Writes a part of a file into an image that is all zeros there. Holes and zeros of the file take no room in it."""
    at, end, step = args["offset"], args["offset"] + args["length"], 4 * 2 ** 20
    with open(args["file"], "rb", buffering=0) as file, io(args["pool"]) as opened, image(opened, args, read_only=False) as target:
        while at < end:
            try:
                at = min(end, os.lseek(file.fileno(), at, os.SEEK_DATA))
            except OSError as error:
                if error.errno != E.ENXIO:
                    raise Failure(error.errno, "reading the file: %s" % os.strerror(error.errno), "file")
                break
            # No further than to the end of an object of the image
            piece = os.pread(file.fileno(), min(end - at, step - at % step), at)
            if len(piece) == 0:
                break
            if piece.count(0) != len(piece):
                target.write(piece, at)
            at += len(piece)
        target.flush()

def image_overlap(args):
    with io(args["pool"]) as opened, image(opened, args) as seen:
        try:
            return seen.overlap()
        except rbd.ImageNotFound:
            return 0

def image_flatten(args):
    with io(args["pool"]) as opened, image(opened, args, read_only=False) as clone:
        try:
            clone.flatten()
        except rbd.InvalidArgument:
            # It has no parent: somebody else was faster
            pass

def image_configure(args):
    with io(args["pool"]) as opened, image(opened, args, read_only=False) as changed:
        for key, value in args["set"].items():
            if value is not None:
                changed.config_set(key, value)
            else:
                try:
                    changed.config_remove(key)
                except (KeyError, rbd.ImageNotFound):
                    pass

def image_snapshots(args):
    with io(args["pool"]) as opened, image(opened, args) as seen:
        return [[each["id"], each["name"], each["namespace"] == rbd.RBD_SNAP_NAMESPACE_TYPE_TRASH] for each in seen.list_snaps()]

def snapshot_create(args):
    with io(args["pool"]) as opened, image(opened, args, read_only=False) as source:
        ours = connection().get_instance_id()
        is_open = any(each["id"] != ours for each in source.watchers_list())
        source.create_snap(args["snapshot"])
        return {"id": source.snap_get_id(args["snapshot"]), "isOpen": is_open}

def snapshot_remove(args):
    with io(args["pool"]) as opened:
        try:
            with image(opened, args, read_only=False) as source:
                source.remove_snap(args["snapshot"])
        except rbd.ImageNotFound:
            pass

def image_rollback(args):
    with io(args["pool"]) as opened, image(opened, args, read_only=False) as volume:
        if volume.features() & rbd.RBD_FEATURE_EXCLUSIVE_LOCK:
            try:
                # Kept until the image is closed: nobody else writes meanwhile, and whoever takes it from us has cut us off before
                volume.lock_acquire(rbd.RBD_LOCK_MODE_EXCLUSIVE)
            except rbd.ReadOnlyImage:
                return "open"
        if len(list(volume.watchers_list())) > 1:
            return "open"
        # Looked at under the lock: one that comes late, when the rollback was finished and the volume is in use again, writes nothing
        entry = row_of(args["pool"], args["condition"]["key"])
        if entry is None or json.loads(entry).get("rollingBackBy") != args["condition"]["by"]:
            return "settled"
        if args["isResumed"] and volume.features() & rbd.RBD_FEATURE_OBJECT_MAP:
            # librbd puts the map of objects back first, and passes over those that it has not: what was interrupted would stay as it is
            volume.rebuild_object_map()
        volume.rollback_to_snap(args["snapshot"])
        if volume.size() < args["size"]:
            volume.resize(args["size"], allow_shrink=False)
        return "done"

def trash_prepare(args):
    """The object that the trash is kept in: in a full pool it could not be made any more, and nothing be deleted."""
    with io(args["pool"]) as opened, rados.WriteOpCtx() as op:
        op.new(rados.LIBRADOS_CREATE_IDEMPOTENT)
        opened.operate_write_op(op, "rbd_trash")

def trash_move(args):
    with io(args["pool"]) as opened:
        try:
            rbd.RBD().trash_move(opened, args["name"], args["delay"])
        except rbd.ImageNotFound:
            return False
        return True

def trash_restore(args):
    with io(args["pool"]) as opened:
        try:
            rbd.RBD().trash_restore(opened, args["image"], args["name"])
        except rbd.ImageNotFound:
            return False
        return True

def trash_remove(args):
    """Ends an image that is in the trash. "needed" while snapshots that clones need keep it, "elsewhere" where somebody has taken it out."""
    with io(args["pool"]) as opened:
        try:
            rbd.RBD().trash_remove(opened, args["image"], force=True)
        except rbd.ImageNotFound:
            try:
                opened.stat("rbd_header." + args["image"])
                return "elsewhere"
            except rados.ObjectNotFound:
                return "ended"
        except rbd.ImageHasSnapshots:
            return "needed"
        return "ended"

def image_remove(args):
    """Ends an image that was never published, by its name, which has its uid."""
    with io(args["pool"]) as opened:
        try:
            rbd.RBD().remove(opened, args["name"])
        except rbd.ImageNotFound:
            pass

def strangers(args):
    """Objects in a pool that neither its table nor an empty RBD pool consists of; a few are enough."""
    known, found = {"rbd_directory", "rbd_info", "rbd_trash", "rbd_children", "rbd_namespace", "rbd_task", "rbd_mirroring", "rbd_trash_purge_schedule", TABLE, COPY, CLOCK}, []
    with io(args["pool"], rados.LIBRADOS_ALL_NSPACES) as opened:
        for each in opened.list_objects():
            if each.key not in known:
                found.append(each.key)
            if len(found) == 5:
                break
    return found

# File systems. Subvolumes are made and ended by the manager; what is there is looked at in the file system itself, for many at once.

def manager(args):
    number, out, text = connection().mgr_command(json.dumps(args["command"]), b"")
    if number != 0:
        raise Failure(-number, text)
    return {"out": out.decode(), "text": text}

def filesystem_client():
    # Whoever has volumes alone need not have this
    try:
        import cephfs
    except ImportError:
        raise Failure(None, "install python3-cephfs beside python3-rados")
    return cephfs, cephfs.LibCephFS(rados_inst=connection())

RESTLESS = 0.25

def upkeep(seconds):
    """
    How often a client of a file system lets go of what it no longer needs. Unmounting waits for that, twice, and keeps the manager waiting
    for what is still held. With 0 it never rests, and tells the server something each time: for a short while only.
    """
    try:
        connection().conf_set("client_tick_interval", str(seconds))
    except rados.Error:
        # A library that does not take this is slower, and nothing else
        pass

def subvolumes(args):
    """Folders with their quotas, and snapshots, of subvolumes by name; those that are not there are left out."""
    found = {}
    cephfs, client = filesystem_client()

    def entries(path):
        folder = client.opendir(path)
        try:
            each = client.readdir(folder)
            while each:
                if each.d_name not in (b".", b".."):
                    yield each
                each = client.readdir(folder)
        finally:
            client.closedir(folder)

    def quota(path):
        try:
            return int(client.getxattr(path, "ceph.quota.max_bytes"))
        except cephfs.NoData:
            return None

    # Mounted for this look alone: a client that dies while it has something keeps others waiting for it
    upkeep(0)
    rest = threading.Timer(RESTLESS, upkeep, (1,))
    rest.daemon = True
    rest.start()
    try:
        client.mount(filesystem_name=args["filesystem"].encode())
        for name in args["names"]:
            place = "/volumes/%s/%s" % (args["group"], name)
            try:
                folders = [each.d_name.decode() for each in entries(place) if each.is_dir()]
                found[name] = {
                    "folders": dict((each, quota(place + "/" + each)) for each in folders),
                    # Those that begin with _ are of folders above
                    "snapshots": [each.d_name.decode() for each in entries(place + "/.snap") if not each.d_name.startswith(b"_")],
                }
            except cephfs.ObjectNotFound:
                found.pop(name, None)
    finally:
        client.shutdown()
        rest.cancel()
    return found

def sessions(args):
    """Who has something of a file system mounted, as each of its active servers sees it."""
    described = json.loads(command({"command": {"prefix": "fs get", "fs_name": args["filesystem"], "format": "json"}})["out"])
    _, client = filesystem_client()
    found = {}
    try:
        client.init()
        for rank in described["mdsmap"]["in"]:
            number, out, text = client.mds_command("%s:%d" % (args["filesystem"], rank), json.dumps({"prefix": "session ls", "format": "json"}), "")
            if number != 0:
                raise Failure(-number, text)
            for each in json.loads(out):
                about = each.get("client_metadata", {})
                found[each["id"]] = {
                    "client": each["id"],
                    "user": about.get("entity_id", ""),
                    "host": about.get("hostname", ""),
                    "root": about.get("root", "/"),
                    "mountPoint": about.get("mount_point"),
                }
    finally:
        client.shutdown()
    return list(found.values())

operations = {name: each for name, each in globals().items() if callable(each) and name.islower()}
output = threading.Lock()

def answer(body):
    with output:
        sys.stdout.write(json.dumps(body) + "\n")
        sys.stdout.flush()

ending = threading.Event()

def perform(request):
    if ending.is_set():
        # Whoever asked is gone, and may be given up by others by the time it would be done
        answer({"id": request["id"], "error": {"number": E.ECANCELED, "text": "not begun: the connection was closed", "step": None}})
        return
    try:
        answer({"id": request["id"], "result": operations[request["operation"]](request["args"])})
    except Failure as error:
        answer({"id": request["id"], "error": {"number": error.number, "text": str(error), "step": error.step}})
    except (rados.Error, rbd.Error) as error:
        answer({"id": request["id"], "error": {"number": getattr(error, "errno", None), "text": str(error), "step": None}})
    except Exception as error:
        number = getattr(error, "errno", None)
        answer({"id": request["id"], "error": {"number": number, "text": "%s: %s" % (type(error).__name__, error), "step": None}})

pool = ThreadPoolExecutor(settings["threads"])
for line in sys.stdin:
    pool.submit(perform, json.loads(line))
# Whoever started us is gone, or has closed the driver: what is under way ends by itself, nothing new begins
ending.set()
pool.shutdown(wait=True)
os._exit(0)
`;
