//! Files, read and replaced by a caller that may wait for a disk.

sts_proto::common_file_calls!(std::fs, std::io, std::process, std::thread);
