//! A server that runs: where it listens, and what it says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command};

use super::{LONG, Place};

pub struct Serving {
    child: Child,
    pub address: String,
    said: BufReader<ChildStderr>,
    /// Where its program lies.
    _place: Option<Place>,
}

impl Serving {
    /// Serves the file until [`Serving::stop`], or until it is dropped.
    pub fn start(place: &Place, flags: &[&str], file: &str) -> Serving {
        let arguments = [&["serve-http", "--listen=127.0.0.1:0"], flags, &[file]].concat();
        Serving::begun(place.command(&arguments), None)
    }

    /// A program of this place that serves by itself, and says first where.
    pub fn of(command: Command, place: Place) -> Serving {
        Serving::begun(command, Some(place))
    }

    fn begun(mut command: Command, place: Option<Place>) -> Serving {
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        said.read_line(&mut first).unwrap();
        let address = first.split("http://").nth(1).unwrap_or_else(|| panic!("said {first:?}"));
        Serving { child, address: address.trim_end().trim_end_matches('/').to_owned(), said, _place: place }
    }

    /// The exit code of one that ends by itself.
    pub fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
    }

    /// Sends a request and reads all that is answered.
    pub fn ask(&self, method: &str, path: &str, fields: &str, body: &[u8]) -> String {
        let mut stream = self.connect();
        let length =
            if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{length}{fields}\r\n")
            .unwrap();
        // Who is refused early need not take all of it.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Status and body of what is answered to a path.
    pub fn get(&self, path: &str) -> (u16, String) {
        let answer = self.ask("GET", path, "", b"");
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
    }

    /// The next line that it says.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line
    }

    /// Ends it by a signal; its exit code, and all that it said.
    pub fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Serving {
    /// One that a test never stops, or fails with, does not stay.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
