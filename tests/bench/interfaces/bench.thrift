enum PowerState {
  RUNNING = 0,
  PAUSED = 1,
  STOPPED = 2,
}

struct Address {
  1: required string mac,
  2: required string ip,
  3: required i64 prefix,
  4: required string device,
  5: required bool up,
}

struct Flavor {
  1: required string name,
  2: required i64 vcpus,
  3: required i64 memory_mb,
  4: required i64 disk_gb,
  5: required map<string, string> extra,
}

struct Volume {
  1: required string id,
  2: required i64 size_gb,
  3: required string device,
  4: required bool bootable,
}

struct Instance {
  1: required string uuid,
  2: required string name,
  3: required string display_name,
  4: optional string description,
  5: required string project_id,
  6: required string user_id,
  7: optional string host,
  8: optional string node,
  9: required string zone,
  10: required string image_ref,
  11: optional string kernel_id,
  12: optional string ramdisk_id,
  13: required PowerState state,
  14: required string vm_state,
  15: optional string task_state,
  16: required i64 memory_mb,
  17: required i64 vcpus,
  18: required i64 root_gb,
  19: required i64 ephemeral_gb,
  20: required bool locked,
  21: required double progress,
  22: required i64 created_at,
  23: optional i64 updated_at,
  24: required list<string> tags,
  25: required map<string, string> metadata,
  26: required Flavor flavor,
  27: required list<Address> addresses,
  28: required list<Volume> volumes,
}

service Bench {
  i64 add(1: i64 a, 2: i64 b),
  Instance echo(1: Instance instance),
  oneway void note(1: i64 number, 2: string word),
  i64 handled(),
}
