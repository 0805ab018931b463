"""`innkeeper prove`: run a proof, print what came of it, end everything at Ctrl-C."""

import asyncio
import json
import signal
from collections.abc import Callable, Iterator

from simulators.prove.house import ProofError
from simulators.prove.run import Outcome, Plan, prove

DONE, FAILED, INTERRUPTED = 0, 1, 130


def run(seed: int, minutes: float, say: Callable[[str], None], *, as_json: bool) -> tuple[int, str]:
    """The exit code, and what to print at the end; `say` gets a line for each fault (not with `as_json`)."""
    plan = Plan(seed, minutes * 60)
    try:
        outcome = asyncio.run(_proved(plan, _nothing if as_json else say))
    except (asyncio.CancelledError, KeyboardInterrupt):
        return INTERRUPTED, ""
    except ProofError as error:
        return FAILED, _failed(str(error), as_json=as_json)
    except BaseExceptionGroup as group:
        proof, rest = group.split(ProofError)
        if proof is None or rest is not None:
            raise
        return FAILED, _failed("; ".join(dict.fromkeys(_texts(proof))), as_json=as_json)
    text = json.dumps(outcome.as_json(plan)) if as_json else outcome.text()
    return DONE if outcome.verdict.good else FAILED, text


async def _proved(plan: Plan, say: Callable[[str], None]) -> Outcome:
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await prove(plan, say)


def _failed(why: str, *, as_json: bool) -> str:
    return json.dumps({"error": why}) if as_json else f"The proof could not be finished: {why}"


def _texts(group: BaseExceptionGroup[BaseException]) -> Iterator[str]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _texts(error)
        else:
            yield str(error)


def _nothing(_line: str) -> None:
    return
