//! Peers of whom each byte is known, and waiting for exchanges.
#![allow(dead_code, reason = "each test file uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use b8g_core::Error;
use b8g_core::http::{RequestHead, ResponseHead};
use b8g_http::{Client, Dial, Exchange, Request, Trust};

/// Nothing takes longer.
pub const TIME_MAX: Duration = Duration::from_secs(20);

/// A client that trusts nobody but the system.
pub fn client() -> Client {
    Client::new(Arc::new(Trust::default()))
}

/// Connects to an address, whatever the request says.
pub fn dial(address: SocketAddr) -> Dial {
    Box::new(move |dialed| {
        let stream = TcpStream::connect(address).map(Into::into);
        dialed(stream.map_err(|_| b8g_core::abi::HttpFailure::Refused));
    })
}

/// The head of a request to `address`.
pub fn head(method: &str, address: SocketAddr, fields: &[(&str, &str)]) -> Vec<u8> {
    head_with(method, address, fields, [0; 3])
}

/// As [`head`], with times in milliseconds.
pub fn head_with(method: &str, address: SocketAddr, fields: &[(&str, &str)], ms: [u64; 3]) -> Vec<u8> {
    let authority = address.to_string();
    let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let [connect_ns, first_byte_ns, between_bytes_ns] = ms.map(|ms| ms * 1_000_000);
    let head = RequestHead {
        method: method.as_bytes(),
        scheme: b"http",
        authority: authority.as_bytes(),
        path: b"/p",
        connect_ns,
        first_byte_ns,
        between_bytes_ns,
        fields,
    };
    head.to_bytes().unwrap()
}

/// An exchange, and who hears of its changes.
pub struct Talk {
    pub exchange: Exchange,
    changed: Arc<(Mutex<u64>, Condvar)>,
}

impl Talk {
    pub fn new(exchange: Exchange) -> Talk {
        let changed = Arc::new((Mutex::new(0), Condvar::new()));
        let heard = changed.clone();
        exchange.on_change(Box::new(move || {
            *heard.0.lock().unwrap() += 1;
            heard.1.notify_all();
        }));
        Talk { exchange, changed }
    }

    /// Begins an exchange.
    pub fn start(client: &Client, address: SocketAddr, head: &[u8], body: bool) -> Talk {
        let request = Request::parse(head).unwrap();
        Talk::new(client.start(request, body, dial(address)).unwrap())
    }

    /// Waits until `act` answers something other than [`Error::Again`].
    pub fn until<T>(&self, mut act: impl FnMut(&Exchange) -> Result<T, Error>) -> Result<T, Error> {
        let end = Instant::now() + TIME_MAX;
        loop {
            let before = *self.changed.0.lock().unwrap();
            match act(&self.exchange) {
                Err(Error::Again) => {}
                done => return done,
            }
            let mut changes = self.changed.0.lock().unwrap();
            while *changes == before {
                let left = end.saturating_duration_since(Instant::now());
                assert!(!left.is_zero(), "nothing happened");
                changes = self.changed.1.wait_timeout(changes, left).unwrap().0;
            }
        }
    }

    /// Status and fields of the answer.
    pub fn answer(&self) -> Result<(u16, Vec<(String, String)>), Error> {
        let head = self.until(Exchange::head)?;
        let head = ResponseHead::from_bytes(&head).unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok((head.status, head.fields.iter().map(|(name, value)| (text(name), text(value))).collect()))
    }

    /// The whole body.
    pub fn body(&self) -> Result<Vec<u8>, Error> {
        let (mut all, mut some) = (Vec::new(), [0; 10_000]);
        loop {
            match self.until(|exchange| exchange.read(&mut some))? {
                0 => return Ok(all),
                n => all.extend_from_slice(&some[..n]),
            }
        }
    }

    /// Writes all of it.
    pub fn send(&self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            let n = self.until(|exchange| exchange.write(bytes))?;
            bytes = &bytes[n..];
        }
        Ok(())
    }
}

/// A server that does with each connection what `each` says; answers where it is.
pub fn peer(each: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let each = Arc::new(each);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let each = each.clone();
            std::thread::spawn(move || each(stream));
        }
    });
    address
}

/// A server that says these bytes to whoever asks, and closes; the requests come out of the channel.
pub fn says(answer: impl Into<Vec<u8>>) -> (SocketAddr, Receiver<String>) {
    let (heard, requests) = channel();
    let answer = answer.into();
    let heard = Mutex::new(heard);
    let address = peer(move |mut stream| {
        let head = read_head(&mut BufReader::new(&stream));
        let _ = heard.lock().unwrap().send(head);
        let _ = stream.write_all(&answer);
    });
    (address, requests)
}

/// Reads up to the empty line.
pub fn read_head(from: &mut impl BufRead) -> String {
    let mut head = String::new();
    while from.read_line(&mut head).is_ok_and(|n| n > 2) {}
    head
}

/// Asks a server with these bytes and reads all that it says.
pub fn ask(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(TIME_MAX)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}
