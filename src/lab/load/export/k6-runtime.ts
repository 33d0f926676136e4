/**
 * What every exported k6 script has in common: a user that speaks MCP or plain HTTP, and judges answers as our own engine
 * does, by the same names. It is text for k6, and reads what stands above it in the script.
 */
export const k6Runtime = String.raw`
// Answers are judged by what they say, not by their status alone: one check per request, with its name.
http.setResponseCallback(null);

const sessionLost = 'http 404 session not found';

/** A value within a text: what is no text is written as JSON. */
function text(value) {
  return typeof value === 'string' ? value : JSON.stringify(value === undefined ? null : value);
}

function between(least, most) {
  return least + Math.floor(Math.random() * (most - least + 1));
}

function oneOf(list) {
  return list[between(0, list.length - 1)];
}

function newUuid() {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, (place) =>
    (place === 'x' ? between(0, 15) : between(8, 11)).toString(16),
  );
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(body) {
  try {
    return JSON.parse(body);
  } catch (_) {
    return undefined;
  }
}

/** What stands at a path of names and indexes; undefined where there is nothing. */
function dig(value, path) {
  for (const part of path) {
    if (typeof part === 'string') {
      value = isObject(value) && Object.prototype.hasOwnProperty.call(value, part) ? value[part] : undefined;
    } else {
      value = Array.isArray(value) ? value[part < 0 ? value.length + part : part] : undefined;
    }
  }
  return value;
}

function same(one, other) {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => same(item, other[index]));
  }
  if (isObject(one) && isObject(other)) {
    const keys = Object.keys(one);
    return keys.length === Object.keys(other).length && keys.every((key) => key in other && same(one[key], other[key]));
  }
  return one === other;
}

function headerOf(response, wanted) {
  const name = Object.keys(response.headers || {}).find((each) => each.toLowerCase() === wanted);
  return name === undefined ? undefined : response.headers[name];
}

/** Checks an answer and takes values from it. Gives the kind of failure of what does not hold. */
function handle(handling, variables, bodyText, document, response, tookMs) {
  for (const each of handling.checks || []) {
    let holds;
    if ('contains' in each) holds = bodyText.includes(each.contains);
    else if ('matches' in each) holds = new RegExp(each.matches).test(bodyText);
    else if ('path' in each) holds = same(dig(document, each.path), each.equals);
    else holds = tookMs <= each.within_ms;
    if (!holds) return each.kind;
  }
  for (const wanted of handling.extract || []) {
    const value = 'header' in wanted ? headerOf(response, wanted.header) : dig(document, wanted.path);
    if (value === undefined) return 'extract ' + wanted.variable;
    variables[wanted.variable] = value;
  }
  return undefined;
}

/** The kind of failure of a request that nobody answered, by k6's numbers of errors. */
function failureWithoutAnswer({ error, error_code: code }) {
  if (/\bEOF$/.test(error)) return 'connection closed';
  if (code === 1212) return 'connect ECONNREFUSED';
  if (code === 1220) return 'connection reset';
  if (code === 1211) return 'connect timeout';
  return code === 1050 ? 'timeout' : 'k6 error ' + code;
}

/** The JSON-RPC message in an answer; of an event stream, the response to this request. */
function messageOf(response, id) {
  const body = response.body || '';
  if (!(headerOf(response, 'content-type') || '').startsWith('text/event-stream')) return parse(body);
  for (const event of body.split(/\r\n\r\n|\n\n|\r\r/)) {
    const lines = event.split(/\r\n|\n|\r/).filter((line) => line.startsWith('data:'));
    const message = parse(lines.map((line) => line.slice(5).replace(/^ /, '')).join('\n'));
    if (isObject(message) && message.id === id && ('result' in message || 'error' in message)) return message;
  }
  return undefined;
}

/** The kind of failure of an answer, or its result. */
function judgeJsonRpc(response, id, hadSession) {
  const message = messageOf(response, id);
  const error = isObject(message) ? message.error : undefined;
  const code = isObject(error) && typeof error.code === 'number' ? error.code : undefined;
  // A server that could not read the request knows no id.
  const answers = isObject(message) && (message.id === id || (error !== undefined && message.id === null));
  const { status } = response;
  if (status < 200 || status > 299) {
    if (status === 404 && hadSession) return { failure: sessionLost };
    return { failure: 'http ' + status + (code === undefined ? '' : ' json-rpc ' + code) };
  }
  if (!answers || message.jsonrpc !== '2.0') return { failure: 'malformed answer' };
  if (error !== undefined) return { failure: code === undefined ? 'malformed answer' : 'json-rpc ' + code };
  const { result } = message;
  if (!isObject(result)) return { failure: 'malformed answer' };
  if (result.isError === true) return { failure: 'isError' };
  if (result.resultType !== undefined && result.resultType !== 'complete') return { failure: 'result not complete' };
  return { result };
}

function tagsOf(name) {
  const tags = { name };
  for (const [tag, prefix] of limits) if (name.startsWith(prefix)) tags[tag] = 'yes';
  return tags;
}

/** Sends a request, counts it under its name and judges it; "judge" gives the kind of failure of an answer. */
function send(method, path, name, headers, body, judge) {
  const tags = tagsOf(name);
  const params = { headers, tags, timeout: requestTimeout, redirects: 0 };
  const response = http.request(method, target + path, body, params);
  const failure =
    response.status === 0 ? failureWithoutAnswer(response) : judge(response, response.timings.duration);
  const checkTags = failure === undefined ? tags : Object.assign({ failure }, tags);
  check(failure, { 'is answered as it should be': (kind) => kind === undefined }, checkTags);
  return failure;
}

/** A virtual user with an MCP session, where its scenario speaks MCP. Every step returns whether it went well. */
class User {
  constructor({ speaksMcp, variables, start, stop, tasks, wait }) {
    Object.assign(this, { speaksMcp, start, stop, wait });
    this.tasks = tasks;
    this.totalWeight = tasks.reduce((sum, [weight]) => sum + weight, 0);
    this.session = undefined;
    this.lastId = 0;
    this.started = false;
    this.v = variables();
  }

  /** One iteration: a task, drawn by its weight, and the wait after it. */
  turn() {
    const beganMs = Date.now();
    if (this.ready()) this.draw()(this);
    if (iterations !== undefined && exec.vu.iterationInScenario === iterations - 1) this.close();
    else this.wait(beganMs);
  }

  draw() {
    let left = Math.random() * this.totalWeight;
    for (const [weight, task] of this.tasks) if ((left -= weight) < 0) return task;
    return this.tasks[this.tasks.length - 1][1];
  }

  isReady() {
    return this.started && (this.session !== undefined || !this.speaksMcp);
  }

  /** The handshake where it is missing, and the first steps; whether a task may begin. */
  ready() {
    if (this.speaksMcp && this.session === undefined) {
      this.started = false;
      if (!this.openSession()) return false;
    }
    if (!this.started) this.started = this.start(this);
    return this.isReady();
  }

  close() {
    if (this.isReady()) this.stop(this);
    this.closeSession();
  }

  think(leastS, mostS) {
    sleep(leastS + Math.random() * (mostS - leastS));
    return true;
  }

  newSession() {
    this.closeSession();
    return this.openSession();
  }

  openSession() {
    this.session = undefined;
    const [method, params] = hello;
    const { failure, result, response } = this.exchange(method, method, params);
    if (failure !== undefined) return false;
    const agreed = !modern && typeof result.protocolVersion === 'string' ? result.protocolVersion : protocolVersion;
    this.session = { id: headerOf(response, 'mcp-session-id'), version: agreed };
    if (modern) return true;
    const name = 'notifications/initialized';
    const body = JSON.stringify({ jsonrpc: '2.0', method: name, params: {} });
    const refused = send('POST', mcpPath, name, this.mcpHeaders(name), body, ({ status }) =>
      status >= 200 && status <= 299 ? undefined : 'http ' + status,
    );
    if (refused !== undefined) this.session = undefined;
    return refused === undefined;
  }

  closeSession() {
    const { session } = this;
    if (session === undefined) return;
    const headers = this.mcpHeaders(hello[0]);
    this.session = undefined;
    if (session.id === undefined) return;
    send('DELETE', mcpPath, 'DELETE session', headers, null, ({ status }) =>
      (status >= 200 && status <= 299) || status === 405 ? undefined : 'http ' + status,
    );
  }

  mcpHeaders(method, mcpName) {
    const headers = Object.assign({}, commonHeaders, {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    });
    if (modern) {
      headers['mcp-protocol-version'] = protocolVersion;
      headers['mcp-method'] = method;
      if (mcpName !== undefined) headers['mcp-name'] = mcpName;
    } else if (this.session !== undefined) {
      headers['mcp-protocol-version'] = this.session.version;
      if (this.session.id !== undefined) headers['mcp-session-id'] = this.session.id;
    }
    return headers;
  }

  exchange(name, method, params, handling, mcpName) {
    this.lastId += 1;
    const id = this.lastId;
    const hadSession = this.session !== undefined && this.session.id !== undefined;
    const sent = modern ? Object.assign({}, params, { _meta: envelope }) : params;
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params: sent });
    const seen = {};
    const failure = send('POST', mcpPath, name, this.mcpHeaders(method, mcpName), body, (response, tookMs) => {
      const judged = judgeJsonRpc(response, id, hadSession);
      Object.assign(seen, { result: judged.result, response });
      if (judged.failure !== undefined || handling === undefined) return judged.failure;
      return handle(handling, this.v, JSON.stringify(judged.result), judged.result, {}, tookMs);
    });
    if (failure === sessionLost) this.session = undefined;
    return { failure, result: seen.result, response: seen.response };
  }

  mcp(name, method, params, handling, mcpName) {
    return this.exchange(name, method, params, handling, mcpName).failure === undefined;
  }

  callOneOf(tools, handling) {
    const tool = oneOf(tools);
    return this.mcp(tool.name, 'tools/call', oneOf(tool.params), handling, tool.mcpName);
  }

  /** JSON-RPC without a session. */
  rpc(name, path, method, params, handling) {
    this.lastId += 1;
    const id = this.lastId;
    const headers = Object.assign({}, commonHeaders, { accept: 'application/json', 'content-type': 'application/json' });
    const body = JSON.stringify({ jsonrpc: '2.0', id, method, params });
    const failure = send('POST', basePath + path, name, headers, body, (response, tookMs) => {
      const judged = judgeJsonRpc(response, id, false);
      if (judged.failure !== undefined || handling === undefined) return judged.failure;
      return handle(handling, this.v, JSON.stringify(judged.result), judged.result, {}, tookMs);
    });
    return failure === undefined;
  }

  http(name, method, path, { headers, body, handling } = {}) {
    const accepted = handling === undefined ? undefined : handling.status;
    const allHeaders = Object.assign({}, commonHeaders, { accept: '*/*' }, headers);
    const failure = send(method, basePath + path, name, allHeaders, body === undefined ? null : body, (response, tookMs) => {
      const { status } = response;
      const isAccepted = accepted === undefined ? status >= 200 && status <= 299 : accepted.includes(status);
      if (!isAccepted) return 'http ' + status;
      if (handling === undefined) return undefined;
      const bodyText = response.body || '';
      return handle(handling, this.v, bodyText, parse(bodyText), response, tookMs);
    });
    return failure === undefined;
  }
}
`.trim();
