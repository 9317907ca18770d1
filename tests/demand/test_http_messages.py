"""Header bytes against other programs that read them, and against the examples of the standards."""

import h11
import pytest
from hpack import Decoder, Encoder

from estimator.demand import http_messages
from estimator.demand.http_messages import Header, HttpMessage, header_bytes
from estimator.scenario.transport import ServerSentEvents

MESSAGES = http_messages.http_messages()
FRAME_HEADER_BYTES = 9
"""RFC 9113, section 4.1: length 3, type 1, flags 1, stream 4."""
VALUES = {"token": "t" * 400, "id": "10000", "length": "0"}
each_message = pytest.mark.parametrize("name", MESSAGES)


def stated(**fields):
    sourced = {"source": "the test", "checked_on": "2026-12-01", "confidence": "confirmed"}
    return HttpMessage(**fields, **sourced)


@pytest.fixture
def example(monkeypatch):
    """Bytes of a message that is not among those that ship."""

    def of(message, http, **stated):
        monkeypatch.setattr(http_messages, "http_messages", lambda: {"example": message})
        return header_bytes.__wrapped__("example", http, **stated)

    return of


def test_a_request_is_that_of_rfc_7541(example):
    # appendix C.4.1: 17 bytes, of which a second one with the same headers has 4 left
    host = Header(name="host", value="www.example.com")
    size = example(stated(method="GET", path="/", headers=(host,)), "2")

    assert size.first == FRAME_HEADER_BYTES + 17
    assert size.later == FRAME_HEADER_BYTES + 4


def test_the_encoder_writes_the_bytes_of_rfc_7541():
    # appendix C.4: three requests on one connection
    common = [(":method", "GET"), (":scheme", "http"), (":path", "/")]
    host = (":authority", "www.example.com")
    encoder = Encoder()

    first = encoder.encode([*common, host])
    second = encoder.encode([*common, host, ("cache-control", "no-cache")])
    assert first.hex() == "828684418cf1e3c2e5f23a6ba0ab90f4ff"
    assert second.hex() == "828684be5886a8eb10649cbf"


def test_a_body_takes_a_frame_of_its_own(example):
    message = stated(status=200, headers=())

    assert example(message, "2").first == FRAME_HEADER_BYTES + 1
    assert example(message, "2", body_bytes=10).first == 2 * FRAME_HEADER_BYTES + 1


def test_a_message_of_http_1_is_its_text(example):
    message = stated(status=304, headers=(Header(name="etag", value='"{id}"'),))

    text = b'HTTP/1.1 304 Not Modified\r\netag: "10000"\r\n\r\n'
    size = example(message, "1.1")
    assert (size.first, size.later) == (len(text), len(text))


@each_message
def test_another_program_reads_all_of_a_message_of_http_1(name):
    message = MESSAGES[name]
    text = message.text(VALUES).encode()
    if message.method:
        reader = h11.Connection(h11.SERVER)
    else:
        reader = h11.Connection(h11.CLIENT)
        reader.send(h11.Request(method="GET", target="/", headers=[("host", "example.com")]))
    reader.receive_data(text)
    read = reader.next_event()

    assert isinstance(read, h11.Request if message.method else h11.Response)
    named = {header.name for header in message.headers}
    assert {name.decode() for name, _ in read.headers} == named
    # nothing is left over, and nothing is missing
    assert reader.trailing_data == (b"", False)
    if "{length}" not in message.text({}):
        assert header_bytes(name, "1.1", 400 * ("{token}" in message.text({}))).first == len(text)


@each_message
def test_the_decoder_reads_what_was_counted(name):
    message = MESSAGES[name]
    sent = [*message.fields(VALUES)]
    encoder, decoder = Encoder(), Decoder()

    for _ in range(2):
        assert [*map(tuple, decoder.decode(encoder.encode(sent)))] == sent


@each_message
def test_the_second_message_of_a_connection_refers_to_the_first(name):
    size = header_bytes(name, "2", 400)

    assert FRAME_HEADER_BYTES < size.later < size.first < header_bytes(name, "1.1", 400).first


@each_message
def test_http_2_has_no_fields_of_the_connection(name):
    # RFC 9113, sections 8.2.2 and 8.3: those of HTTP/1.1 alone are malformed, and the fields that
    # stand for the first line come first
    names = [field for field, _ in MESSAGES[name].fields(VALUES)]
    pseudo = [field.startswith(":") for field in names]

    forbidden = {"connection", "transfer-encoding", "keep-alive", "upgrade", "host"}
    assert not forbidden & set(names)
    assert pseudo == sorted(pseudo, reverse=True)
    assert [*map(str.lower, names)] == names


@pytest.mark.parametrize("http", ["1.1", "2"])
@pytest.mark.parametrize("name", [n for n in MESSAGES if "{token}" in MESSAGES[n].text({})])
def test_a_token_is_sent_whole_once(name, http):
    short, long = (header_bytes(name, http, length) for length in (400, 1_400))

    if http == "1.1":
        assert long.later - short.later == 1_000
    else:
        # HPACK packs the characters of tokens into 5 to 8 bits each (RFC 7541, appendix B)
        assert 5 / 8 * 1_000 <= long.first - short.first <= 1_000
        assert long.later - short.later <= 1


def test_a_token_is_as_long_as_a_scenario_says():
    assert ServerSentEvents().token_bytes == 400
    message = MESSAGES["event_stream_request"]
    without = len(message.text({"token": "", "id": "10000"}))

    assert header_bytes("event_stream_request", "1.1", 400).first == without + 400
