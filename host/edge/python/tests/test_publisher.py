"""Run by the tests of the crate action-triggers-edge where the package has been installed."""

import json
import time
import unittest
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import action_triggers_edge as edge
from action_triggers_edge import Answer, ConfigurationError, MisuseError, NoAnswer, Publisher, Request, TrapError

WRITTEN = Answer(
    200,
    (("content-type", "application/vnd.kafka.v2+json"),),
    b'{"offsets":[{"partition":2,"offset":7}]}',
)
SALE = '{"id":"1","signal":"post_save","content_type":"shop.sale","instance":{"id":1,"price":10.50}}'
NAME = ("1", "0", 0, "sales")


def config(rest_url: str = "http://proxy", payload: object = None, **more: object) -> str:
    brokers = {"kafka": {"broker_type": "kafka", "conn_details": {"bootstrap_servers": "a:9092"}}}
    cluster = {"rest_url": rest_url, "linger_ms": 0, "auth": {"bearer": {"env": "TOKEN"}}}
    trigger = {
        "config_signals": ["post_save"],
        "content_types": ["shop.sale"],
        "msg_broker_queues": [{"name": "kafka", "parameters": {"topic": "sales"}}],
        "payload": payload or {"price": "{{ price }}"},
    }
    return json.dumps(
        {"ACTION_TRIGGERS": {"brokers": brokers}, "clusters": {"a:9092": cluster}, "triggers": [trigger], **more}
    )


def publisher(given: Any = None, send: Any = lambda request: WRITTEN, **more: Any) -> Publisher:
    return Publisher(given or config(), send=send, **{"secrets": {"TOKEN": "t0k3n"}, **more})


class Delivery(unittest.TestCase):
    def test_a_record_ends_in_a_report(self) -> None:
        one = publisher()
        (outcome,) = one.process([SALE])
        self.assertEqual(outcome.publications[0], edge.Publication("0", 0, topic="sales"))
        self.assertEqual(one.flush(), [edge.Report(*NAME, attempts=1, partition=2, offset=7)])
        self.assertEqual(one.flush(), [])

    def test_what_fails_for_a_while_is_sent_again(self) -> None:
        answers = [NoAnswer("unreachable", "refused"), Answer(503, (), b""), WRITTEN]
        one = publisher(send=lambda request: answers.pop(0))
        one.process([SALE])
        self.assertEqual(one.flush()[0].attempts, 3)

    def test_what_send_raises_counts_as_an_answer_that_was_lost(self) -> None:
        answers: list[Answer] = []

        def send(request: Request) -> Answer:
            answers.append(WRITTEN)
            if len(answers) == 1:
                raise OSError("the cable is out")
            return WRITTEN

        one = publisher(send=send)
        one.process([SALE])
        self.assertEqual(one.flush()[0].attempts, 2)

    def test_a_request_carries_the_secret_and_is_sent_to_a_real_server(self) -> None:
        seen: list[str | None] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                seen.append(self.headers["authorization"])
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                for name, value in (*WRITTEN.headers, ("content-length", str(len(WRITTEN.body)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(WRITTEN.body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        with HTTPServer(("127.0.0.1", 0), Handler) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            one = publisher(config(f"http://127.0.0.1:{server.server_port}"), send=edge.send)
            one.process([SALE])
            self.assertIsNone(one.flush()[0].failure)
            one.renew({"TOKEN": "new"})
            one.process([SALE])
            one.flush()
            server.shutdown()
        self.assertEqual(seen, ["Bearer t0k3n", "Bearer new"])

    def test_a_server_that_is_not_there_is_unreachable(self) -> None:
        with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
            port = server.server_port
        answer = edge.send(Request("POST", f"http://127.0.0.1:{port}/", (), b"", 5))
        self.assertIsInstance(answer, NoAnswer)
        self.assertEqual(getattr(answer, "reason", None), "unreachable")

    def test_what_is_given_up_has_a_failure(self) -> None:
        one = publisher()
        one.process([SALE])
        (report,) = one.give_up()
        self.assertIsNotNone(report.failure)
        # The component has handed its request out, and nobody has told what became of it.
        self.assertTrue(report.may_be_written)
        self.assertEqual(one.flush(), [])

    def test_what_is_refused_is_not_written(self) -> None:
        one = publisher(send=lambda request: Answer(413, (), b'{"error_code":413,"message":"large"}'))
        one.process([SALE])
        (report,) = one.flush()
        self.assertIsNotNone(report.failure)
        self.assertFalse(report.may_be_written)


class Refusals(unittest.TestCase):
    def refused(self, words: str, call: Callable[[], object]) -> None:
        with self.assertRaisesRegex(TypeError, words):
            call()

    def test_every_fault_of_a_configuration_is_listed(self) -> None:
        with self.assertRaises(ConfigurationError) as caught:
            publisher(config(payload={"a": "{{ a|uper }}", "b": "{{ b|lowr }}"}))
        found = [(one.code, one.path) for one in caught.exception.problems]
        paths = ["$.triggers[0].payload.a", "$.triggers[0].payload.b"]
        self.assertEqual(found, [("template_unknown_filter", path) for path in paths])
        self.assertIn("did you mean `upper`", str(caught.exception))

    def test_secrets_that_are_missing_are_named(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "TOKEN"):
            publisher(secrets={})

    def test_events_that_are_not_a_list_of_texts_are_refused_with_what_to_write(self) -> None:
        one = publisher()

        async def later() -> list[str]:
            return [SALE]

        cases: list[tuple[object, str]] = [
            (SALE, r"events is of type `str`: give a list, as in `process\(\[event\]\)`"),
            (json.loads(SALE), "events is of type `dict`: give a list"),
            (later(), "events is of type `coroutine`: await it first"),
            ([json.loads(SALE)], r"events\[0\] is of type `dict`: give the JSON text that it came as"),
            ([SALE, later()], r"events\[1\] is of type `coroutine`: await it first"),
            ([SALE.encode()], r"events\[0\] is of type `bytes`: decode it"),
        ]
        for events, words in cases:
            self.refused(words, lambda: one.process(events))  # type: ignore[arg-type]

    def test_options_that_are_wrong_are_refused_with_what_to_write(self) -> None:
        self.refused("config is of type `dict`: give the text", lambda: publisher({"a": 1}))
        self.refused("invalid syntax 'yaml'", lambda: publisher(syntax="yaml"))
        self.refused(r"files is of type `list`: give a dict", lambda: publisher(files=["triggers.json"]))
        self.refused(r"secrets\['TOKEN'\] is of type `bytes`", lambda: publisher(secrets={"TOKEN": b"t"}))
        self.refused("send is of type `str`: give a function", lambda: publisher(send="post"))

    def test_an_async_send_is_refused(self) -> None:
        async def send(request: Request) -> Answer:
            return WRITTEN

        one = publisher(send=send)
        one.process([SALE])
        self.refused("send gave a coroutine, and nobody awaits it", one.flush)

    def test_a_full_outbox_is_a_misuse_with_a_code(self) -> None:
        one = publisher(config(outbox={"messages": 1}))
        one.process([SALE])
        with self.assertRaises(MisuseError) as caught:
            one.process([SALE])
        self.assertEqual(caught.exception.code, "outbox_full")

    def test_a_component_that_broke_down_says_so_from_then_on(self) -> None:
        one = publisher()
        for _ in range(2):
            with self.assertRaisesRegex(TrapError, "make another Publisher"):
                one.process([" " * (260 << 20)])


class Limits(unittest.TestCase):
    def test_a_hostile_template_fails_alone_by_fuel_or_by_what_it_writes(self) -> None:
        tags = "{{% for {0} in xs %}}"
        loop = "".join(map(tags.format, "abc")) + "{{ long }}" + "{% endfor %}" * 3
        one = publisher(config(payload=loop))
        for long, code in [("a", "template_out_of_fuel"), ("a" * 100_000, "template_output_too_large")]:
            bomb = {"signal": "post_save", "content_type": "shop.sale", "instance": {"xs": [*range(500)], "long": long}}
            start = time.monotonic()
            hostile, good = one.process([json.dumps(bomb), SALE])
            print(f"{code} after {(time.monotonic() - start) * 1000:.0f} ms")
            failure = hostile.publications[0].failure
            self.assertEqual(failure and failure.code, code)
            self.assertEqual(good.publications[0].topic, "sales")


if __name__ == "__main__":
    unittest.main()
