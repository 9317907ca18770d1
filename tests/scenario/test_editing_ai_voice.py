"""Do the profiles of editing, token streaming and voice say what their sources say?"""

import base64
import json

import pytest

import estimator as ws
from estimator.demand.batches import Batching

SECONDS_PER_HOUR = 3600


def compact(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")))


def test_a_chat_has_the_prompts_and_answers_of_the_vendors_example():
    # https://ably.com/docs/platform/pricing/examples/ai-chatbot: 3 minutes and 4 prompts per chat,
    # 300 token events per answer at 75 per second
    profile = ws.load_profile("ai-token-streaming")
    prompts, answers = profile.flows["prompts"], profile.flows["answers"]
    hours = profile.session.mean

    assert hours * 60 == pytest.approx(3)
    assert prompts.rate_per_hour * hours == pytest.approx(4)
    assert answers.rate_per_hour == 75 * SECONDS_PER_HOUR
    assert answers.rate_per_hour * answers.active_share * hours == pytest.approx(4 * 300)


def test_even_tokens_roll_up_to_the_vendors_hundred_messages_per_answer():
    # the same example; windows that chance leaves empty make it 5% less in the profile
    answers = ws.load_profile("ai-token-streaming").flows["answers"]
    assert answers.batch is not None
    per_answer = {
        timing: Batching(flow, answers.batch, 1.0).windows.deliveries_per_hour
        * ws.load_profile("ai-token-streaming").session.mean
        / 4
        for timing in ("spread", "synchronized")
        for flow in [answers.model_copy(update={"timing": timing})]
    }

    assert per_answer["synchronized"] == pytest.approx(100)
    assert per_answer["spread"] == pytest.approx(95, abs=0.1)


def test_frames_of_audio_are_as_large_as_python_encodes_them():
    # PCM16 at 24 kHz, mono, 100 ms; events of https://github.com/openai/openai-openapi
    flows = ws.load_profile("voice-agents").flows
    audio = base64.b64encode(bytes(24_000 * 2 // 10)).decode()
    answer = {
        "type": "response.output_audio.delta",
        "event_id": "event_CCXHxcMy86rrKhBLDdqCh",
        "response_id": "resp_CCXHw0UJld10EzIUXQCNh",
        "item_id": "item_CCXHwGjjDUfOXbiySlK7i",
        "output_index": 0,
        "content_index": 0,
        "delta": audio,
    }

    assert flows["caller_audio"].payload.mean == compact(
        {"type": "input_audio_buffer.append", "audio": audio}
    )
    assert flows["agent_audio"].payload.mean == compact(answer)
    assert flows["caller_audio"].rate_per_hour == flows["agent_audio"].rate_per_hour == 36_000


def test_an_agent_speaks_as_much_as_itu_t_p_59_has_it():
    # talk of 1.004 s and pauses of 1.587 s on average
    flows = ws.load_profile("voice-agents").flows

    assert flows["agent_audio"].active_share == pytest.approx(1.004 / (1.004 + 1.587), abs=0.003)
    assert flows["caller_audio"].active_share == 1


def test_a_cursor_is_as_large_as_excalidraws_and_as_frequent_as_liveblocks():
    # MOUSE_LOCATION in excalidraw-app/data/index.ts of https://github.com/excalidraw/excalidraw;
    # https://liveblocks.io/docs/api-reference/liveblocks-client: 100 ms
    cursors = ws.load_profile("collaborative-editing").flows["cursors"]
    message = {
        "type": "MOUSE_LOCATION",
        "payload": {
            "socketId": "yRM0K2QbXdPlv4CGAAAB",
            "pointer": {"x": 1024.1234567890123, "y": 768.1234567890123, "tool": "pointer"},
            "button": "up",
            "selectedElementIds": {},
            "username": "Grace Hopper",
        },
    }

    assert cursors.payload.mean == pytest.approx(compact(message), rel=0.01)
    assert SECONDS_PER_HOUR / cursors.rate_per_hour == pytest.approx(0.1)


def test_presence_is_renewed_after_half_of_what_outdates_it():
    # outdatedTimeout = 30000 in awareness.js of https://github.com/yjs/y-protocols
    presence = ws.load_profile("collaborative-editing").flows["presence"]

    assert SECONDS_PER_HOUR / presence.rate_per_hour == 30 / 2
