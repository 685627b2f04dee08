// What a test cluster is made of: its ceph.conf. Everything listens on 127.0.0.1 and lies in one folder.
import { join } from "node:path";

/** Ports from `port` to `port + 60`: two of the monitor, then those of the other daemons. */
export const portsOf = (port) => ({ v2: port, v1: port + 1, first: port + 10, last: port + 60 });

export function cephConf({ folder, fsid, port, osdSizeBytes }) {
  const ports = portsOf(port);
  return `[global]
fsid = ${fsid}
mon_host = [v2:127.0.0.1:${ports.v2},v1:127.0.0.1:${ports.v1}]
mon_initial_members = a
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
public_network = 127.0.0.0/8
cluster_network = 127.0.0.0/8
ms_bind_port_min = ${ports.first}
ms_bind_port_max = ${ports.last}
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
run_dir = ${join(folder, "run")}
log_file = ${join(folder, "log")}/$name.log
mon_cluster_log_file = ${join(folder, "log", "cluster.log")}
admin_socket = ${join(folder, "run")}/$name.asok
crash_dir = ${join(folder, "crash")}
keyring = ${join(folder, "keyring")}
# One host stands for three: copies lie on different OSDs, not on different hosts
osd_crush_chooseleaf_type = 0
osd_pool_default_size = 2
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
mon_max_pg_per_osd = 2000
mon_allow_pool_delete = true

[client]
log_file =
admin_socket =

[mon]
mon_data = ${join(folder, "mon")}/$id
mon_data_avail_warn = 3
mon_data_avail_crit = 1
mon_osd_down_out_interval = 600
mon_osd_min_down_reporters = 1
mon_warn_on_pool_no_redundancy = false
mon_warn_on_pool_no_app = false
mon_tick_interval = 2
# Not restful, which is there by default: Debian's needs a module that cannot be loaded twice in one process
mgr_initial_modules = iostat
# Changes are not gathered before they are written: tests make them one after the other, and each would wait
paxos_propose_interval = 0.01
paxos_min_wait = 0.005

[mgr]
mgr_data = ${join(folder, "mgr")}/$id
keyring = ${join(folder, "mgr")}/$id/keyring
mgr_stats_period = 2
mgr_tick_period = 1

[mds]
mds_data = ${join(folder, "mds")}/$id
keyring = ${join(folder, "mds")}/$id/keyring
mds_cache_memory_limit = 134217728
# Clients that want what another has wait for the journal, which is written out at the latest then: so does the manager, several times a copy
mds_tick_interval = 0.1

[osd]
osd_data = ${join(folder, "osd")}/$id
keyring = ${join(folder, "osd")}/$id/keyring
osd_objectstore = bluestore
bluestore_block_create = true
bluestore_block_size = ${osdSizeBytes}
bluestore_block_db_create = false
bluestore_block_wal_create = false
bluestore_cache_autotune = false
bluestore_cache_size = 67108864
osd_memory_target = 939524096
osd_op_num_shards = 2
osd_heartbeat_interval = 1
osd_heartbeat_grace = 6
osd_scrub_load_threshold = 100
`;
}
