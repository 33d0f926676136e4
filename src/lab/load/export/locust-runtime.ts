/**
 * What every exported locustfile has in common: a user that speaks MCP or plain HTTP, and judges answers as our own
 * engine does, by the same names. It is text for Python, and reads what stands above it in the script.
 */
export const locustRuntime = String.raw`
MISSING = object()
SESSION_LOST = "http 404 session not found"


def text(value):
    """A value within a text: what is no text is written as JSON."""
    return value if isinstance(value, str) else to_json(value)


def to_json(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def parse(body):
    try:
        return json.loads(body)
    except ValueError:
        return MISSING


def dig(value, path):
    """What stands at a path of names and indexes, or MISSING."""
    for part in path:
        if isinstance(part, str):
            value = value.get(part, MISSING) if isinstance(value, dict) else MISSING
        elif isinstance(value, list) and -len(value) <= part < len(value):
            value = value[part]
        else:
            return MISSING
    return value


def same(one, other):
    """Whether two JSON values are equal; for Python 1 would be True."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def handle(handling, variables, body_text, document, headers, took_ms):
    """Checks an answer and takes values from it. Gives the kind of failure of what does not hold, or None."""
    for check in handling.get("checks", []):
        if "contains" in check:
            holds = check["contains"] in body_text
        elif "matches" in check:
            holds = re.search(check["matches"], body_text, re.ASCII) is not None
        elif "path" in check:
            holds = same(dig(document, check["path"]), check["equals"])
        else:
            holds = took_ms <= check["within_ms"]
        if not holds:
            return check["kind"]
    for wanted in handling.get("extract", []):
        if "header" in wanted:
            value = headers.get(wanted["header"], MISSING)
        else:
            value = dig(document, wanted["path"])
        if value is MISSING:
            return "extract " + wanted["variable"]
        variables[wanted["variable"]] = value
    return None


def failure_without_answer(error):
    """The kind of failure of a request that nobody answered."""
    if isinstance(error, ConnectionRefusedError):
        return "connect ECONNREFUSED"
    if isinstance(error, ConnectionResetError):
        return "connection reset"
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "timeout"
    return "connection closed" if type(error).__name__ == "HTTPConnectionClosed" else type(error).__name__


def message_of(response, request_id):
    """The JSON-RPC message in an answer; of an event stream, the response to this request."""
    content_type = response.headers.get("content-type") or ""
    if not content_type.startswith("text/event-stream"):
        message = parse(response.text)
        return message if isinstance(message, dict) else None
    for event in re.split(r"\r\n\r\n|\n\n|\r\r", response.text):
        lines = [line[5:] for line in event.splitlines() if line.startswith("data:")]
        message = parse("\n".join(line[1:] if line.startswith(" ") else line for line in lines))
        if isinstance(message, dict) and message.get("id") == request_id and ("result" in message or "error" in message):
            return message
    return None


def judge_json_rpc(response, request_id, had_session):
    """The kind of failure of an answer (None for none), and its result."""
    message = message_of(response, request_id)
    error = message.get("error") if message is not None else None
    code = error.get("code") if isinstance(error, dict) else None
    # A server that could not read the request knows no id.
    answers = message is not None and (message.get("id") == request_id or (error is not None and message.get("id") is None))
    status = response.status_code
    if not 200 <= status <= 299:
        if status == 404 and had_session:
            return SESSION_LOST, None
        return "http %d%s" % (status, "" if code is None else " json-rpc %d" % code), None
    if not answers or message.get("jsonrpc") != "2.0":
        return "malformed answer", None
    if error is not None:
        return "malformed answer" if code is None else "json-rpc %d" % code, None
    result = message.get("result")
    if not isinstance(result, dict):
        return "malformed answer", None
    if result.get("isError") is True:
        return "isError", None
    if result.get("resultType", "complete") != "complete":
        return "result not complete", None
    return None, result


class GaugewayUser(FastHttpUser):
    """A user with an MCP session, where its scenario speaks MCP. Every step returns whether it went well."""

    abstract = True
    host = TARGET
    insecure = INSECURE
    connection_timeout = REQUEST_TIMEOUT_S
    network_timeout = REQUEST_TIMEOUT_S
    speaks_mcp = True
    done = 0

    def first_variables(self):
        return {}

    def at_start(self):
        return True

    def at_stop(self):
        pass

    def on_start(self):
        self.session = None
        self.last_id = 0
        self.tasks_begun = 0
        self.started = False
        self.v = self.first_variables()
        self.ready()

    def on_stop(self):
        if self.is_ready():
            self.at_stop()
        self.close_session()
        if ITERATIONS is not None and self.tasks_begun >= ITERATIONS:
            self.leave()

    def leave(self):
        """The last user that is done ends a test of one process; a master's test goes on until it is stopped."""
        GaugewayUser.done += 1
        runner = self.environment.runner
        if isinstance(runner, LocalRunner) and GaugewayUser.done == runner.target_user_count:
            # Not at once: Locust writes its files every second, and not at the end.
            gevent.spawn_later(2, runner.quit)

    def wait_time(self):
        if ITERATIONS is not None and self.tasks_begun >= ITERATIONS:
            raise StopUser()
        return self.pause()

    def is_ready(self):
        return self.started and (self.session is not None or not self.speaks_mcp)

    def ready(self):
        """The handshake where it is missing, and the first steps; whether a task may begin."""
        if self.speaks_mcp and self.session is None:
            self.started = False
            if not self.open_session():
                return False
        if not self.started:
            self.started = self.at_start()
        return self.is_ready()

    def begin_task(self):
        if not self.ready():
            return False
        self.tasks_begun += 1
        return True

    def think(self, least_s, most_s):
        time.sleep(random.uniform(least_s, most_s))
        return True

    def new_session(self):
        self.close_session()
        return self.open_session()

    def open_session(self):
        self.session = None
        method, params = HELLO
        failure, result, headers = self.exchange(method, method, params)
        if failure is not None:
            return False
        version = PROTOCOL_VERSION if MODERN else result.get("protocolVersion", PROTOCOL_VERSION)
        self.session = {"id": headers.get("mcp-session-id"), "version": version}
        if MODERN:
            return True
        accepted = self.request(
            "POST",
            MCP_PATH,
            "notifications/initialized",
            self.mcp_headers("notifications/initialized", None),
            to_json({"jsonrpc": "2.0", "method": "notifications/initialized", "params": {}}),
            lambda response, _: None if 200 <= response.status_code <= 299 else "http %d" % response.status_code,
        )
        if accepted is not None:
            self.session = None
        return accepted is None

    def close_session(self):
        session = self.session
        if session is None:
            return
        headers = self.mcp_headers(HELLO[0], None)
        self.session = None
        if session["id"] is None:
            return

        def judge(response, _):
            status = response.status_code
            return None if 200 <= status <= 299 or status == 405 else "http %d" % status

        self.request("DELETE", MCP_PATH, "session", headers, None, judge)

    def mcp_headers(self, method, mcp_name):
        headers = dict(COMMON_HEADERS)
        headers["content-type"] = "application/json"
        headers["accept"] = "application/json, text/event-stream"
        if MODERN:
            headers["mcp-protocol-version"] = PROTOCOL_VERSION
            headers["mcp-method"] = method
            if mcp_name is not None:
                headers["mcp-name"] = mcp_name
        elif self.session is not None:
            headers["mcp-protocol-version"] = self.session["version"]
            if self.session["id"] is not None:
                headers["mcp-session-id"] = self.session["id"]
        return headers

    def request(self, method, path, name, headers, body, judge):
        """Sends a request and counts it under its name. Returns the kind of failure, or None."""
        began = time.perf_counter()
        data = None if body is None else body.encode("utf-8")
        with self.client.request(
            method, path, name=name, data=data, headers=headers, allow_redirects=False, catch_response=True
        ) as response:
            if response.status_code:
                failure = judge(response, (time.perf_counter() - began) * 1000)
            else:
                failure = failure_without_answer(response.error)
            if failure is None:
                response.success()
            else:
                response.failure(failure)
        return failure

    def exchange(self, name, method, params, mcp_name=None, handling=None):
        """A request of MCP: the kind of failure (None for none), the result, and the headers of the answer."""
        self.last_id += 1
        request_id = self.last_id
        had_session = self.session is not None and self.session["id"] is not None
        if MODERN:
            params = dict(params, _meta=ENVELOPE)
        answer = [None, {}]

        def judge(response, took_ms):
            failure, result = judge_json_rpc(response, request_id, had_session)
            answer[:] = [result, response.headers]
            if failure is None and handling is not None:
                return handle(handling, self.v, to_json(result), result, {}, took_ms)
            return failure

        body = to_json({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})
        failure = self.request("POST", MCP_PATH, name, self.mcp_headers(method, mcp_name), body, judge)
        if failure == SESSION_LOST:
            self.session = None
        return failure, answer[0], answer[1]

    def mcp(self, name, method, params, handling=None, mcp_name=None):
        return self.exchange(name, method, params, mcp_name, handling)[0] is None

    def call_one_of(self, tools, handling=None):
        tool = random.choice(tools)
        params = random.choice(tool["params"])
        return self.mcp(tool["name"], "tools/call", params, handling, tool.get("mcp_name"))

    def rpc(self, name, path, method, params, handling=None):
        """JSON-RPC without a session."""
        self.last_id += 1
        request_id = self.last_id

        def judge(response, took_ms):
            failure, result = judge_json_rpc(response, request_id, False)
            if failure is None and handling is not None:
                return handle(handling, self.v, to_json(result), result, {}, took_ms)
            return failure

        headers = dict(COMMON_HEADERS)
        headers.update({"accept": "application/json", "content-type": "application/json"})
        body = to_json({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})
        return self.request("POST", BASE_PATH + path, name, headers, body, judge) is None

    def http(self, name, method, path, headers=None, body=None, handling=None):
        accepted = (handling or {}).get("status")

        def judge(response, took_ms):
            status = response.status_code
            if status not in accepted if accepted else not 200 <= status <= 299:
                return "http %d" % status
            if handling is None:
                return None
            body_text = response.text or ""
            return handle(handling, self.v, body_text, parse(body_text), response.headers, took_ms)

        all_headers = dict(COMMON_HEADERS)
        all_headers["accept"] = "*/*"
        all_headers.update(headers or {})
        return self.request(method, BASE_PATH + path, name, all_headers, body, judge) is None
`.trim();
