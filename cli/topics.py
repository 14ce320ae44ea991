"""`anabranch topics`: what `deploy/kafka/topics.yaml` wants, compared with or applied to a Kafka."""

import asyncio
import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, assert_never

import typer

from broker.admin import apply_topics, plan_topics, verify_topics
from broker.connection import KafkaSettings
from broker.topics import Action, Configure, Create, Keep, Refuse
from cli.options import DEFAULT_DATA, Data, Json, Kafka, kafka_settings

app: Final = typer.Typer(help="Compare the topics of a Kafka with deploy/kafka/topics.yaml, or make them so.", no_args_is_help=True)


class Profile(StrEnum):
    """A set of sizes in topics.yaml."""

    DEV = "dev"
    PROD = "prod"


ProfileOption = Annotated[Profile, typer.Option("--profile", help="dev: one broker, 4 partitions. prod: three brokers, 12 partitions.")]
Prefix = Annotated[
    str | None, typer.Option("--prefix", help="Put before every topic name; default: ANABRANCH_KAFKA__TOPIC_PREFIX, else nothing.")
]


@app.command("plan")
def plan(
    data: Data = DEFAULT_DATA, kafka: Kafka = None, profile: ProfileOption = Profile.DEV, prefix: Prefix = None, *, as_json: Json = False
) -> None:
    """Show what apply would do; exit code 1 when it would refuse."""
    settings = _settings(data, kafka, prefix)
    actions = asyncio.run(plan_topics(settings, profile.value))
    if as_json:
        typer.echo(
            json.dumps({"kafka": settings.bootstrap, "profile": profile.value, "actions": [_as_object(action) for action in actions]})
        )
    else:
        for action in actions:
            typer.echo(_as_text(action))
    if any(isinstance(action, Refuse) for action in actions):
        raise typer.Exit(1)


@app.command("apply")
def apply(
    data: Data = DEFAULT_DATA, kafka: Kafka = None, profile: ProfileOption = Profile.DEV, prefix: Prefix = None, *, as_json: Json = False
) -> None:
    """Create missing topics and mend settings; doing it again changes nothing."""
    settings = _settings(data, kafka, prefix)
    applied = asyncio.run(apply_topics(settings, profile.value))
    if as_json:
        typer.echo(
            json.dumps({"kafka": settings.bootstrap, "created": applied.created, "configured": applied.configured, "epoch": applied.epoch})
        )
    elif not applied.created and not applied.configured and applied.epoch is None:
        typer.echo("Nothing to do: all topics are as wanted.")
    else:
        for word, names in (("created", applied.created), ("configured", applied.configured)):
            if names:
                typer.echo(f"{word}: {', '.join(names)}")
        if applied.epoch is not None:
            typer.echo(f"new epoch: {applied.epoch}")


@app.command("verify")
def verify(
    data: Data = DEFAULT_DATA, kafka: Kafka = None, profile: ProfileOption = Profile.DEV, prefix: Prefix = None, *, as_json: Json = False
) -> None:
    """Print each difference between the cluster and topics.yaml with what to do about it; exit code 1 when there is one."""
    settings = _settings(data, kafka, prefix)
    found = asyncio.run(verify_topics(settings, profile.value))
    if as_json:
        differing = [one._asdict() for one in found]
        typer.echo(json.dumps({"kafka": settings.bootstrap, "profile": profile.value, "ok": not found, "differences": differing}))
    else:
        for one in found:
            typer.echo(f"{one.topic}  {one.what}: {one.found or 'missing'}, wanted {one.wanted}: {one.advice}.")
        typer.echo(
            f"{len(found)} difference{'' if len(found) == 1 else 's'}."
            if found
            else "No difference: the topics are as topics.yaml wants them."
        )
    if found:
        raise typer.Exit(1)


def _settings(data: Path, kafka: str | None, prefix: str | None) -> KafkaSettings:
    settings = kafka_settings(data, kafka)
    return settings if prefix is None else settings.model_copy(update={"topic_prefix": prefix})


def _as_text(action: Action) -> str:
    match action:
        case Create(topic):
            return f"create     {topic.name} ({topic.partitions} partitions, {topic.replication} replicas)"
        case Configure(name, changes):
            return f"configure  {name}: " + ", ".join(f"{key} {now} → {wanted}" for key, (now, wanted) in changes.items())
        case Refuse(_, sentence):
            return f"refuse     {sentence}"
        case Keep(name):
            return f"keep       {name}"
        case _:
            assert_never(action)


def _as_object(action: Action) -> dict[str, object]:
    match action:
        case Create(topic):
            config = dict(topic.config)
            return {
                "action": "create",
                "topic": topic.name,
                "partitions": topic.partitions,
                "replication": topic.replication,
                "config": config,
            }
        case Configure(name, changes):
            return {
                "action": "configure",
                "topic": name,
                "changes": {key: {"now": now, "wanted": wanted} for key, (now, wanted) in changes.items()},
            }
        case Refuse(name, sentence):
            return {"action": "refuse", "topic": name, "reason": sentence}
        case Keep(name):
            return {"action": "keep", "topic": name}
        case _:
            assert_never(action)
