//! A server of the suite's files and nothing else: no handlers, no redirects, no other hosts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// Serves the files below `roots`, the first that has one, until the process ends.
pub fn start(roots: Vec<PathBuf>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let roots = roots.clone();
            std::thread::spawn(move || answer(stream, &roots));
        }
    });
    Ok(address)
}

fn answer(mut stream: TcpStream, roots: &[PathBuf]) -> std::io::Result<()> {
    let mut from = BufReader::new(stream.try_clone()?);
    let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
    from.read_line(&mut first)?;
    while from.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    std::io::copy(&mut from.take(length), &mut std::io::sink())?;
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_start_matches('/');
    let found =
        roots.iter().filter(|_| !path.contains("..")).map(|root| root.join(path)).find(|file| file.is_file());
    let (status, body) = match &found {
        Some(file) => ("200 OK", std::fs::read(file)?),
        None => ("404 Not Found", b"there is no such file".to_vec()),
    };
    let kind = found.as_deref().map_or("text/plain", kind);
    let given = found.and_then(|file| std::fs::read_to_string(format!("{}.headers", file.display())).ok());
    let given: String =
        given.iter().flat_map(|text| text.lines()).map(|line| format!("{line}\r\n")).collect();
    let kind = if given.to_ascii_lowercase().contains("content-type:") {
        String::new()
    } else {
        format!("Content-Type: {kind}\r\n")
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{kind}{given}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if method != "HEAD" {
        stream.write_all(&body)?;
    }
    Ok(())
}

fn kind(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("js") => "text/javascript",
        Some("json") => "application/json",
        Some("html" | "htm") => "text/html",
        Some("css") => "text/css",
        Some("xml") => "text/xml",
        Some("png") => "image/png",
        _ => "text/plain",
    }
}
