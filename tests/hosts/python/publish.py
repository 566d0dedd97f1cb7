# Publishes through edge.wasm: publish.py edge.wasm jobs.ndjson
#
# A line of jobs.ndjson is {"config": text, "events": [text, …]}.
import json, os, sys, time
from http.client import HTTPConnection, HTTPSConnection
from types import SimpleNamespace as Record
from urllib.parse import urlsplit
from wasmtime import Engine, Store
from wasmtime.component import Component, Linker, Variant

component = Component.from_file(engine := Engine(), sys.argv[1])

def now():
    return Record(**{"monotonic-ms": time.monotonic_ns() // 1_000_000, "unix-ms": time.time_ns() // 1_000_000})

def send(request):
    url, timeout = urlsplit(request.url), getattr(request, "timeout-ms") / 1000
    connection = {"http": HTTPConnection, "https": HTTPSConnection}[url.scheme](url.netloc, timeout=timeout)
    try:
        connection.request(request.method, url.path, request.body, dict(request.headers))
        answer = connection.getresponse()
        return Variant("answered", Record(status=answer.status, headers=answer.getheaders(), body=answer.read()))
    except OSError as error:
        reason = {ConnectionRefusedError: "unreachable", TimeoutError: "timed-out"}.get(type(error), "lost")
        return Variant("failed", Record(reason=reason, message=str(error)))

def publish(config, events):
    instance = Linker(engine).instantiate(store := Store(engine), component)
    publisher = instance.get_export_index(store, "action-triggers:edge/publisher@0.1.0")
    def call(name, *arguments):
        answer = instance.get_func(store, instance.get_export_index(store, name, publisher))(store, *arguments)
        if isinstance(answer, list) or getattr(answer, "tag", "ok") == "err": raise ValueError(answer)
        return getattr(answer, "payload", answer)
    call("configure", Record(text=config, syntax="json", files=[]))
    call("start", [], os.urandom(16))
    start, processed = time.monotonic(), call("process", events, now())
    yield from [{"ms": (time.monotonic() - start) * 1000}, *processed.outcomes]
    steps = [processed.step]
    while steps:
        yield from (step := steps.pop(0)).reports
        steps += [call("answer", request.id, send(request), now()) for request in step.requests]
        if not steps and (wake := getattr(step, "wake-at-ms")) is not None:
            time.sleep(max(0, wake - time.monotonic_ns() // 1_000_000) / 1000)
            steps = [call("wake", now())]

for job in map(json.loads, open(sys.argv[2])):
    try: print(json.dumps(list(publish(**job)), default=vars))
    except ValueError as refused: print(json.dumps({"refused": refused.args}, default=vars))
