"""Publishes a sale through a REST proxy: publish.py [ADDRESS]"""

import sys

from action_triggers_edge import Publisher

rest_url = sys.argv[1] if len(sys.argv) > 1 else "http://localhost:8082"
config = f"""
triggers = "triggers.json"

[ACTION_TRIGGERS.brokers.my_kafka_broker]
broker_type = "kafka"
conn_details = {{ bootstrap_servers = "localhost:9092" }}

[clusters."localhost:9092"]
rest_url = "{rest_url}"
"""
triggers = """[{
  "config_signals": ["post_save"],
  "content_types": ["myapp.sale"],
  "msg_broker_queues": [{"name": "my_kafka_broker", "parameters": {"topic": "my_topic"}}],
  "payload": {"customer": "{{ customer.name }}", "quantity": "{{ quantity }}"}
}]"""
sale = """{"id": "1", "signal": "post_save", "content_type": "myapp.sale",
  "instance": {"id": 7, "quantity": 3, "customer": {"name": "Alice"}}}"""

publisher = Publisher(config, syntax="toml", files={"triggers.json": triggers})
print(*publisher.process([sale]))
print(*publisher.flush())
