//! HTTP for programs under test: servers that answer as a test says, and requests to the program when it is the server.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// No answer takes longer.
const TIME_MAX: Duration = Duration::from_secs(10);

/// What is answered to a method and a path.
#[derive(Clone, Debug)]
struct Endpoint {
    method: String,
    path: String,
    /// `echo-body`, `echo-headers`, or nothing.
    mode: String,
    response: Value,
}

/// A server that a program under test may ask, by the name that the test gives it.
#[derive(Clone, Debug)]
pub struct Endpoints {
    name: String,
    /// Nobody listens there.
    closed: bool,
    endpoints: Vec<Endpoint>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Endpoints {
    pub fn read(json: &Value) -> Endpoints {
        let endpoint = |json: &Value| Endpoint {
            method: text(&json["method"]),
            path: text(&json["path"]),
            mode: text(&json["mode"]),
            response: json["response"].clone(),
        };
        let endpoints = json["endpoints"].as_array().into_iter().flatten().map(endpoint).collect();
        Endpoints { name: text(&json["name"]), closed: json["kind"] == "closed", endpoints }
    }

    /// Starts it; answers the environment value that says where it is. It lives as long as this process.
    pub fn start(&self) -> std::io::Result<(String, String)> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        if !self.closed {
            let endpoints = self.endpoints.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let endpoints = endpoints.clone();
                    std::thread::spawn(move || {
                        let _ = serve(&stream, &endpoints);
                    });
                }
            });
        }
        Ok((format!("HTTP_SERVER_{}", self.name.to_uppercase()), address))
    }
}

/// A message as it came: its first line, fields, body and trailers.
#[derive(Debug, Default)]
struct Message {
    first: String,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
    trailers: Vec<(String, String)>,
}

impl Message {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn lines(from: &mut impl BufRead) -> std::io::Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    loop {
        let line = line(from)?;
        match line.split_once(':') {
            Some((name, value)) => all.push((name.trim().to_lowercase(), value.trim().to_owned())),
            None => return Ok(all),
        }
    }
}

fn line(from: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

/// Reads a message. `to_end`: without a length the body ends with the connection.
fn read(from: &TcpStream, to_end: bool) -> std::io::Result<Message> {
    from.set_read_timeout(Some(TIME_MAX))?;
    let mut from = BufReader::new(from);
    let mut message = Message { first: line(&mut from)?, fields: lines(&mut from)?, ..Message::default() };
    if message.field("transfer-encoding") == Some("chunked") {
        loop {
            let size = line(&mut from)?;
            let size = u64::from_str_radix(size.split(';').next().unwrap_or_default(), 16);
            let size = size.map_err(|error| std::io::Error::other(error.to_string()))?;
            if size == 0 {
                break;
            }
            from.by_ref().take(size).read_to_end(&mut message.body)?;
            line(&mut from)?;
        }
        message.trailers = lines(&mut from)?;
    } else if let Some(length) = message.field("content-length").and_then(|length| length.parse().ok()) {
        from.take(length).read_to_end(&mut message.body)?;
    } else if to_end {
        from.read_to_end(&mut message.body)?;
    }
    Ok(message)
}

/// Answers one request.
fn serve(stream: &TcpStream, endpoints: &[Endpoint]) -> std::io::Result<()> {
    let request = read(stream, false)?;
    let mut words = request.first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let found = endpoints.iter().find(|endpoint| endpoint.method == method && endpoint.path == path);
    let mut fields = vec![("Connection".to_owned(), "close".to_owned())];
    let Some(endpoint) = found else { return reply(stream, method, 404, &fields, b"") };
    match endpoint.mode.as_str() {
        "echo-body" => reply(stream, method, 200, &fields, &request.body),
        "echo-headers" => {
            fields.push(("x-request-method".to_owned(), method.to_owned()));
            fields.push(("x-request-path".to_owned(), path.to_owned()));
            let echo = |prefix: &str, all: &[(String, String)]| -> Vec<(String, String)> {
                all.iter().map(|(name, value)| (format!("{prefix}{name}"), value.clone())).collect()
            };
            fields.extend(echo("x-echo-", &request.fields));
            fields.extend(echo("x-trailer-", &request.trailers));
            reply(stream, method, 200, &fields, b"")
        }
        _ => {
            let response = &endpoint.response;
            let status = response["status"].as_u64().unwrap_or(200);
            fields.extend(pairs(&response["headers"]));
            match response["chunks"].as_array() {
                None => reply(stream, method, status, &fields, text(&response["body"]).as_bytes()),
                Some(chunks) => {
                    let chunks: Vec<String> = chunks.iter().map(text).collect();
                    reply_in_chunks(stream, status, &fields, &chunks, &pairs(&response["trailers"]))
                }
            }
        }
    }
}

fn pairs(json: &Value) -> Vec<(String, String)> {
    let each = json.as_object().into_iter().flatten();
    each.map(|(name, value)| (name.clone(), text(value))).collect()
}

fn head(status: u64, fields: &[(String, String)]) -> String {
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status} Said\r\n{fields}")
}

fn reply(
    mut to: &TcpStream,
    method: &str,
    status: u64,
    fields: &[(String, String)],
    body: &[u8],
) -> std::io::Result<()> {
    write!(to, "{}Content-Length: {}\r\n\r\n", head(status, fields), body.len())?;
    if method == "HEAD" { Ok(()) } else { to.write_all(body) }
}

fn reply_in_chunks(
    mut to: &TcpStream,
    status: u64,
    fields: &[(String, String)],
    chunks: &[String],
    trailers: &[(String, String)],
) -> std::io::Result<()> {
    write!(to, "{}Transfer-Encoding: chunked\r\n\r\n", head(status, fields))?;
    for chunk in chunks {
        write!(to, "{:x}\r\n{chunk}\r\n", chunk.len())?;
    }
    let trailers: String = trailers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(to, "0\r\n{trailers}\r\n")
}

/// A request to the program, and what it has to answer.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: String,
    response: Value,
}

impl Request {
    pub fn read(json: &Value) -> Request {
        Request {
            method: text(&json["method"]),
            path: text(&json["path"]),
            headers: pairs(&json["headers"]).into_iter().collect(),
            body: text(&json["body"]),
            response: json["response"].clone(),
        }
    }

    /// Sends it to `address`; says what is wrong with the answer.
    pub fn check(&self, address: &str) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("{} {}: {error}", self.method, self.path);
        let stream = TcpStream::connect(address).map_err(failed)?;
        let headers: String =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let sent = write!(
            &stream,
            "{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{}",
            self.method,
            self.path,
            self.body.len(),
            self.body
        );
        sent.map_err(failed)?;
        let answer = read(&stream, true).map_err(failed)?;
        let status = answer.first.split(' ').nth(1).and_then(|status| status.parse::<u64>().ok());
        let wanted = self.response["status"].as_u64().unwrap_or(200);
        if status != Some(wanted) {
            return Err(format!("{} {}: answered {:?}", self.method, self.path, answer.first));
        }
        for (name, value) in pairs(&self.response["headers"]) {
            if answer.field(&name.to_lowercase()) != Some(&value) {
                return Err(format!("{} {}: the field {name} is not {value}", self.method, self.path));
            }
        }
        let body = String::from_utf8_lossy(&answer.body);
        if body != text(&self.response["body"]) {
            return Err(format!("{} {}: the body is {body:?}", self.method, self.path));
        }
        Ok(())
    }
}
