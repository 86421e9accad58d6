"""Texts of configuration files that several modules load."""

from __future__ import annotations

__all__ = ["ONE", "PREDECESSOR"]

ONE = "sites:\n- path: /srv/a\n  bucket: bucket-a\n"

# The example of s3sync-service's README, with the intervals of both of its versions.
PREDECESSOR = """\
access_key: AKIAI44QH8DHBEXAMPLE
secret_access_key: je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY
aws_region: us-east-1
loglevel: trace
upload_queue_buffer: 0
upload_workers: 10
checksum_workers: 20
watch_interval: 1000
s3_ops_retries: 5
sites:
- local_path: /local/path1
  bucket: backup-bucket-path1
  bucket_region: eu-west-1
  storage_class: STANDARD_IA
  access_key: AKIAI44QH8DHBEXAMPL2
  secret_access_key: je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKE2
  watch_interval: 30s
  exclusions:
  - .[Dd][Ss]_[Ss]tore
  - .[Aa]pple[Dd]ouble
- local_path: /local/path2
  bucket: backup-bucket-path2
  bucket_path: path2
  exclusions:
  - "[Tt]humbs.db"
- local_path: /local/path3
  name: third
  bucket: backup-bucket-path3
  bucket_path: /path3
  endpoint: minio.local:9000
  inclusions:
  - .*
  retire_deleted: yes
"""
