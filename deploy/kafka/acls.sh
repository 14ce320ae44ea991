#!/bin/sh
# Generated from deploy/kafka/roles.yaml by `make generate`. Do not edit.
#   KAFKA=HOST:PORT CONFIG=admin.properties sh deploy/kafka/acls.sh
# Gives each role its rights; doing it again changes nothing. CONFIG: how an administrator logs in, as kafka-acls wants it. PREFIX: before
# the names of topics and group. KAFKA_ACLS: the program, where it is not on the PATH. ONLY: one role. The users themselves, with passwords
# of their own, are made with kafka-configs (docs/howto/tls.md).
set -eu

give() {
  role=$1
  shift
  [ "${ONLY:-$role}" = "$role" ] || return 0
  "${KAFKA_ACLS:-kafka-acls.sh}" --bootstrap-server "$KAFKA" --command-config "$CONFIG" --add \
    --allow-principal "User:anabranch-$role" "$@"
}

give producer --operation Write --topic "${PREFIX:-}task-changes"
give worker --operation Read --topic "${PREFIX:-}task-changes"
give worker --operation Read --operation Write --topic "${PREFIX:-}task-state"
give worker --operation Write --topic "${PREFIX:-}cascades"
give worker --operation Write --topic "${PREFIX:-}task-changes.dlq"
give worker --operation Read --group "${PREFIX:-}anabranch"
give edge --operation Read --operation Write --topic "${PREFIX:-}task-changes"
give edge --operation Read --topic "${PREFIX:-}task-state"
give edge --operation Read --topic "${PREFIX:-}cascades"
give analyst --operation Read --topic "${PREFIX:-}task-changes"
give analyst --operation Read --topic "${PREFIX:-}task-state"
give analyst --operation Read --topic "${PREFIX:-}task-changes.dlq"
give operator --operation Create --operation AlterConfigs --operation Read --operation Write --topic "${PREFIX:-}task-changes"
give operator --operation Create --operation AlterConfigs --operation Read --operation Write --topic "${PREFIX:-}task-state"
give operator --operation Create --operation AlterConfigs --operation Describe --topic "${PREFIX:-}cascades"
give operator --operation Create --operation AlterConfigs --operation Read --topic "${PREFIX:-}task-changes.dlq"
give operator --operation Describe --group "${PREFIX:-}anabranch"
give scaler --operation Describe --topic "${PREFIX:-}task-changes"
give scaler --operation Describe --group "${PREFIX:-}anabranch"
