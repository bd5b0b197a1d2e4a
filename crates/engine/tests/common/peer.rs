//! Servers that say what a test wants, whatever is legal.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

/// A server that does with each connection what `each` says, once it has read a head; what is asked comes out of the channel.
pub fn server(each: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, requests) = channel();
    let shared = std::sync::Arc::new((each, Mutex::new(heard)));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let shared = shared.clone();
            std::thread::spawn(move || {
                let mut head = String::new();
                let mut from = BufReader::new(stream.try_clone().unwrap());
                while from.read_line(&mut head).is_ok_and(|n| n > 2) {}
                let _ = shared.1.lock().unwrap().send(head);
                shared.0(&mut stream);
            });
        }
    });
    (address, requests)
}

pub fn says(answer: &'static str) -> (SocketAddr, Receiver<String>) {
    server(move |stream| {
        let _ = stream.write_all(answer.as_bytes());
    })
}
