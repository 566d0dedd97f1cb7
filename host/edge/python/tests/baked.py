"""Run by the tests of the crate action-triggers-edge where the package has been made of a baked component."""

import unittest

from action_triggers_edge import Answer, ConfigurationError, Publisher, Request

SALE = '{"id":"1","signal":"post_save","content_type":"shop.sale","instance":{"id":1,"text":"a"}}'
WRITTEN = Answer(
    200,
    (("content-type", "application/vnd.kafka.v2+json"),),
    b'{"offsets":[{"partition":2,"offset":7}]}',
)


class Baked(unittest.TestCase):
    def test_it_needs_its_secrets_and_no_configuration(self) -> None:
        sent: list[Request] = []

        def send(request: Request) -> Answer:
            sent.append(request)
            return WRITTEN

        publisher = Publisher(secrets={"TOKEN": "t0k3n"}, send=send)
        self.assertEqual(publisher.warnings, ())
        publisher.process([SALE])
        self.assertEqual(publisher.flush()[0].offset, 7)
        self.assertIn(("authorization", "Bearer t0k3n"), sent[0].headers)

    def test_it_refuses_a_configuration_and_goes_without_no_secret(self) -> None:
        with self.assertRaisesRegex(ConfigurationError, "already_configured"):
            Publisher("{}", secrets={"TOKEN": "t0k3n"})
        with self.assertRaisesRegex(ConfigurationError, "TOKEN"):
            Publisher()


if __name__ == "__main__":
    unittest.main()
