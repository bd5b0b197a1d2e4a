//! Sockets that bind, listen and carry datagrams: what is granted works, nothing else does, and nothing grows.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use b8g::{CallError, Grants, Limits, Reason, Value};
use b8g_core::abi::address::{ADDRESS_BYTES, from_bytes, to_bytes};
use b8g_core::abi::{Kind, Op, Request, Role, ready, socket};
use b8g_core::{Error, Rights};

use crate::support::{Puppet, engine};

const AGAIN: i64 = Error::Again.code();
const ARGUMENT: i64 = Error::Argument.code();
const LIMIT: i64 = Error::Limit.code();
const NOT_FOUND: i64 = Error::NotFound.code();
const RIGHTS: i64 = Error::Rights.code();
const TYPE: i64 = Error::Type.code();
const TCP: i64 = socket::TCP4 as i64;
const UDP: i64 = socket::UDP4 as i64;
/// Where texts and answers lie.
const IN: i32 = 1 << 16;
const OUT: i32 = 3 << 16;
const OUT_BYTES: i64 = 70_000;

/// A puppet with a network.
struct Netted {
    puppet: Puppet,
    net: i64,
}

impl Netted {
    fn new(grants: Grants) -> Netted {
        Netted::with(grants, Limits::default())
    }

    fn with(grants: Grants, limits: Limits) -> Netted {
        let mut puppet = Puppet::with(&engine(), &grants, limits);
        let net = puppet.given(Role::Net as i32, 0);
        Netted { puppet, net }
    }

    fn put(&mut self, bytes: &[u8]) -> i64 {
        for (at, word) in bytes.chunks(4).enumerate() {
            let mut four = [0; 4];
            four[..word.len()].copy_from_slice(word);
            self.puppet.store(IN + at as i32 * 4, i32::from_le_bytes(four));
        }
        (bytes.len() as i64) << 32 | i64::from(IN)
    }

    #[track_caller]
    fn ask(&mut self, handle: i64, request: Request, input: &[u8], argument: i64) -> i64 {
        let input = self.put(input);
        let out = OUT_BYTES << 32 | i64::from(OUT);
        self.puppet.op(Op::Ctl, handle, [request as i64, input, out, argument])
    }

    /// As `ask`, until it is there.
    #[track_caller]
    fn insist(&mut self, handle: i64, request: Request, input: &[u8], interest: u32) -> i64 {
        loop {
            match self.ask(handle, request, input, 0) {
                AGAIN => assert_eq!(self.wait(handle, interest, 20_000), 1),
                answer => return answer,
            }
        }
    }

    /// Waits so many milliseconds at most.
    fn wait(&mut self, handle: i64, interest: u32, ms: i64) -> i64 {
        let clock = self.puppet.given(Role::ClockMono as i32, 0);
        self.puppet.op(Op::Read, clock, [64, 8, -1, 0]);
        let now = i64::from(self.puppet.load(64) as u32) | i64::from(self.puppet.load(68)) << 32;
        self.puppet.store(72, handle as i32);
        self.puppet.store(76, interest as i32);
        self.puppet.op(Op::Wait, 0, [72, 1, now + ms * 1_000_000, 80])
    }

    fn socket(&mut self, what: i64) -> i64 {
        let made = self.ask(self.net, Request::Socket, &[], what);
        assert!(made > 0, "{made}");
        made
    }

    /// One that is bound, and its address.
    fn bound(&mut self, what: i64, at: &str) -> (i64, SocketAddr) {
        let made = self.socket(what);
        assert_eq!(self.ask(made, Request::Bind, at.as_bytes(), 0), 0, "{at}");
        (made, self.local(made))
    }

    fn local(&mut self, handle: i64) -> SocketAddr {
        assert_eq!(self.ask(handle, Request::LocalAddress, &[], 0), ADDRESS_BYTES as i64);
        self.address()
    }

    fn got(&mut self, len: usize) -> Vec<u8> {
        let words = (0..len.div_ceil(4)).map(|at| self.puppet.load(OUT + at as i32 * 4).to_le_bytes());
        let mut bytes: Vec<u8> = words.collect::<Vec<_>>().concat();
        bytes.truncate(len);
        bytes
    }

    fn address(&mut self) -> SocketAddr {
        from_bytes(self.got(ADDRESS_BYTES)[..].try_into().unwrap()).unwrap()
    }

    fn send_to(&mut self, handle: i64, to: Option<SocketAddr>, bytes: &[u8]) -> i64 {
        let to = to.map_or([0; ADDRESS_BYTES], |to| to_bytes(&to));
        self.ask(handle, Request::SendTo, &[&to, bytes].concat(), 0)
    }

    /// Receives a datagram, once there is one.
    fn receive(&mut self, handle: i64) -> (SocketAddr, Vec<u8>) {
        let len = self.insist(handle, Request::ReceiveFrom, &[], ready::READ);
        let bytes = self.got(len as usize);
        (self.address(), bytes[ADDRESS_BYTES..].to_vec())
    }

    fn denied(&self) -> Vec<String> {
        self.puppet.context.usage().denied.iter().map(|denial| denial.flag()).collect()
    }
}

fn grants(net: &[&str], listen: &[&str]) -> Grants {
    let all = net.iter().fold(Grants::none().clocks(), |all, to| all.net(*to).unwrap());
    listen.iter().fold(all, |all, at| all.listen(*at).unwrap())
}

/// A port that nobody has, as far as that can be known.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn nothing_is_bound_without_its_grant() {
    // A grant to connect is none to listen.
    let mut guest = Netted::new(grants(&["*"], &[]));
    for what in [TCP, UDP] {
        let made = guest.socket(what);
        assert_eq!(guest.ask(made, Request::Bind, b"127.0.0.1:0", 0), RIGHTS);
        assert_eq!(guest.ask(made, Request::LocalAddress, &[], 0), NOT_FOUND);
        assert_eq!(guest.ask(made, Request::PeerAddress, &[], 0), NOT_FOUND);
    }
    let made = guest.socket(TCP);
    assert_eq!(guest.ask(made, Request::Listen, &[], 5), RIGHTS);
    assert_eq!(guest.ask(made, Request::Accept, &[], 0), TYPE);
    // A connection that failed left it a port of the system's choice. That is none to listen at either.
    let nobody = format!("127.0.0.1:{}", free_port());
    assert_eq!(guest.ask(made, Request::Connect, nobody.as_bytes(), 0), 0);
    assert_eq!(guest.wait(made, ready::WRITE, 20_000), 1);
    assert_eq!(guest.ask(made, Request::Connected, &[], 0), -256 - 111);
    assert_eq!(guest.ask(made, Request::Connected, &[], 0), Error::Closed.code(), "it stays unconnected");
    assert_eq!(guest.ask(made, Request::Listen, &[], 5), TYPE);
    assert_eq!(guest.denied(), ["--allow-listen=127.0.0.1:0", "--allow-listen=0.0.0.0:0"]);
}

#[test]
fn only_what_is_granted_is_bound() {
    let port = free_port();
    let (exact, any) = (format!("127.0.0.1:{port}"), "[::1]:0");
    let mut guest = Netted::new(grants(&[], &[&exact, any]));
    for at in [
        "127.0.0.1:0".to_owned(),
        format!("127.0.0.1:{}", port ^ 1),
        format!("127.0.0.2:{port}"),
        format!("0.0.0.0:{port}"),
        "0.0.0.0:0".to_owned(),
    ] {
        for what in [TCP, UDP] {
            let made = guest.socket(what);
            assert_eq!(guest.ask(made, Request::Bind, at.as_bytes(), 0), RIGHTS, "{at}");
        }
    }
    for what in [TCP, UDP] {
        let (made, at) = guest.bound(what, &exact);
        assert_eq!(at.port(), port);
        assert_eq!(guest.ask(made, Request::Bind, exact.as_bytes(), 0), TYPE, "once");
    }
    if TcpListener::bind("[::1]:0").is_err() {
        eprintln!("skipped: this machine has no version 6 of IP");
        return;
    }
    let (made, at) = guest.bound(socket::TCP6 as i64, "[0:0::1]:0");
    assert!(at.is_ipv6() && at.port() != 0);
    assert_eq!(guest.ask(made, Request::Listen, &[], 0), ARGUMENT, "nobody could wait");
    assert_eq!(guest.ask(made, Request::Listen, &[], i64::MAX), 0);
    let other = guest.socket(socket::TCP6 as i64);
    assert_eq!(guest.ask(other, Request::Bind, format!("[::1]:{}", at.port()).as_bytes(), 0), RIGHTS);
}

#[test]
fn a_server_hears_its_clients_and_ends_with_its_context() {
    let mut guest = Netted::new(grants(&[], &["localhost:0"]));
    let (server, at) = guest.bound(TCP, "localhost:0");
    assert_eq!(guest.ask(server, Request::Accept, &[], 0), TYPE, "it does not listen yet");
    assert_eq!(guest.ask(server, Request::Listen, &[], 4), 0);
    assert_eq!(guest.ask(server, Request::Listen, &[], 4), TYPE);
    assert_eq!(guest.ask(server, Request::Accept, &[], 0), AGAIN);
    assert_eq!(guest.wait(server, ready::READ, 1), Error::Timeout.code());
    let mut client = TcpStream::connect(at).unwrap();
    // Who may only read gets connections that he may only read.
    let less = Rights::READ.union(Rights::WAIT).union(Rights::DUPLICATE);
    let reader = guest.puppet.op(Op::Dup, server, [less.bits().into(), 0, 0, 0]);
    assert_eq!(guest.wait(reader, ready::READ, 20_000), 1);
    assert_eq!(guest.ask(reader, Request::Listen, &[], 4), RIGHTS);
    let peer = guest.ask(reader, Request::Accept, &[], 0);
    assert!(peer > 0, "{peer}");
    client.write_all(b"ping").unwrap();
    assert_eq!(guest.wait(peer, ready::READ, 20_000), 1);
    assert_eq!(guest.puppet.op(Op::Read, peer, [OUT.into(), 8, -1, 0]), 4);
    assert_eq!(guest.got(4), b"ping");
    assert_eq!(guest.puppet.op(Op::Write, peer, [OUT.into(), 4, -1, 0]), RIGHTS);
    assert_eq!(guest.ask(peer, Request::PeerAddress, &[], 0), 32);
    assert_eq!(guest.address(), client.local_addr().unwrap());
    assert_eq!(guest.local(peer), at);
    assert_eq!(guest.ask(peer, Request::Listen, &[], 1), RIGHTS);
    assert_eq!(guest.puppet.op(Op::Info, peer, [OUT.into(), 16, 0, 0]), 16);
    assert_eq!(guest.puppet.load(OUT), Kind::Socket as i32);
    let writer = TcpStream::connect(at).unwrap();
    assert_eq!(guest.wait(server, ready::READ, 20_000), 1);
    let peer = guest.ask(server, Request::Accept, &[], 0);
    assert_eq!(guest.puppet.op(Op::Write, peer, [OUT.into(), 4, -1, 0]), 4);
    drop(guest);
    let mut rest = Vec::new();
    (&writer).read_to_end(&mut rest).unwrap();
    assert_eq!(rest.len(), 4);
    assert!(TcpStream::connect(at).is_err(), "nobody listens any more");
    // It may be listened at again at once.
    let mut next = Netted::new(grants(&[], &["*"]));
    let (server, _) = next.bound(TCP, &at.to_string());
    assert_eq!(next.ask(server, Request::Listen, &[], 4), 0);
    assert_eq!(next.denied(), Vec::<String>::new());
}

#[test]
fn who_comes_and_goes_does_no_harm() {
    let limits = Limits { descriptors_max: 8, ..Limits::default() };
    let mut guest = Netted::with(grants(&[], &["127.0.0.1:0"]), limits);
    let (server, at) = guest.bound(TCP, "127.0.0.1:0");
    assert_eq!(guest.ask(server, Request::Listen, &[], 128), 0);
    // Gone before they were accepted, by a reset as well.
    for _ in 0..4 {
        let client = TcpStream::connect(at).unwrap();
        rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
    }
    let mut seen = 0;
    while guest.wait(server, ready::READ, 200) == 1 {
        let peer = guest.ask(server, Request::Accept, &[], 0);
        if peer == AGAIN {
            continue;
        }
        assert!(peer > 0, "{peer}");
        let read = guest.puppet.op(Op::Read, peer, [OUT.into(), 8, -1, 0]);
        assert!(read == 0 || read == -256 - 104, "{read}");
        assert_eq!(guest.ask(peer, Request::PeerAddress, &[], 0), NOT_FOUND);
        assert_eq!(guest.puppet.op(Op::Close, peer, [0; 4]), 0);
        seen += 1;
    }
    assert!(seen <= 4);
    // A flood: as many as it may have descriptors, and no more; the others wait, and none is lost.
    let clients: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(at).unwrap()).collect();
    let accepted: Vec<i64> = std::iter::repeat_with(|| guest.ask(server, Request::Accept, &[], 0))
        .take_while(|peer| *peer > 0)
        .collect();
    assert_eq!(accepted.len(), 7);
    assert_eq!(guest.ask(server, Request::Accept, &[], 0), LIMIT);
    assert_eq!(guest.ask(guest.net, Request::Socket, &[], UDP), LIMIT);
    let mut all = accepted.len();
    for peer in accepted {
        assert_eq!(guest.puppet.op(Op::Close, peer, [0; 4]), 0);
    }
    loop {
        match guest.ask(server, Request::Accept, &[], 0) {
            AGAIN => break,
            peer => assert_eq!(guest.puppet.op(Op::Close, peer, [0; 4]), 0),
        }
        all += 1;
    }
    assert_eq!(all, clients.len());
}

#[test]
fn handles_run_out_before_connections_are_lost() {
    let limits = Limits { handles_max: 8, ..Limits::default() };
    let mut guest = Netted::with(grants(&[], &["127.0.0.1:0"]), limits);
    let (server, at) = guest.bound(TCP, "127.0.0.1:0");
    assert_eq!(guest.ask(server, Request::Listen, &[], 128), 0);
    let _clients: Vec<TcpStream> = (0..4).map(|_| TcpStream::connect(at).unwrap()).collect();
    let mut made: Vec<i64> = std::iter::repeat_with(|| guest.ask(guest.net, Request::Socket, &[], UDP))
        .take_while(|x| *x > 0)
        .collect();
    assert_eq!(guest.ask(server, Request::Accept, &[], 0), LIMIT);
    assert_eq!(guest.puppet.op(Op::Close, made.pop().unwrap(), [0; 4]), 0);
    assert!(guest.ask(server, Request::Accept, &[], 0) > 0);
}

#[test]
fn a_wait_for_connections_ends_with_the_context() {
    let limits = Limits { timeout: Some(Duration::from_millis(200)), ..Limits::default() };
    for cancels in [false, true] {
        let limits = if cancels { Limits::default() } else { limits.clone() };
        let mut guest = Netted::with(grants(&[], &["127.0.0.1:0"]), limits);
        let (server, _) = guest.bound(TCP, "127.0.0.1:0");
        assert_eq!(guest.ask(server, Request::Listen, &[], 1), 0);
        guest.puppet.store(72, server as i32);
        guest.puppet.store(76, ready::READ as i32);
        let begun = Instant::now();
        let canceller = guest.puppet.context.canceller();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            if cancels {
                canceller.cancel().unwrap();
            }
        });
        let wait = [Op::Wait as i64, 0, 72, 1, -1, 80];
        let arguments: Vec<Value> = wait
            .iter()
            .enumerate()
            .map(|(at, x)| if at < 2 { Value::I32(*x as i32) } else { Value::I64(*x) })
            .collect();
        let reason = if cancels { Reason::Cancelled } else { Reason::Timeout };
        match guest.puppet.context.call("op", &arguments) {
            Err(CallError::Ended(outcome)) => assert_eq!(outcome.reason, reason),
            other => panic!("{other:?}"),
        }
        assert!(begun.elapsed() < Duration::from_secs(10));
        thread.join().unwrap();
    }
}

#[test]
fn datagrams_go_where_they_are_granted() {
    let (a, b) = (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    a.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (to_a, to_b) = (a.local_addr().unwrap(), b.local_addr().unwrap());
    let mut guest = Netted::new(grants(&[&to_a.to_string()], &[]));
    let made = guest.socket(UDP);
    assert_eq!(guest.send_to(made, Some(to_b), b"x"), RIGHTS);
    assert_eq!(guest.ask(made, Request::Connect, to_b.to_string().as_bytes(), 0), RIGHTS);
    assert_eq!(guest.ask(made, Request::Resolve, to_b.to_string().as_bytes(), 0), RIGHTS);
    assert_eq!(guest.denied(), [format!("--allow-net={to_b}")]);
    assert_eq!(guest.send_to(made, None, b"x"), ARGUMENT, "it has no peer");
    assert_eq!(guest.send_to(made, Some(to_a), b"ping"), 0);
    let mut bytes = [0; 64];
    let (len, from) = a.recv_from(&mut bytes).unwrap();
    assert_eq!(&bytes[..len], b"ping");
    assert_eq!(from.port(), guest.local(made).port());
    // Nobody else is heard: not who is not granted, whatever he says.
    b.send_to(b"stranger", from).unwrap();
    assert_eq!(guest.wait(made, ready::READ, 20_000), 1);
    assert_eq!(guest.ask(made, Request::ReceiveFrom, &[], 0), AGAIN);
    assert!(!guest.got(64).windows(8).any(|word| word == b"stranger"));
    for _ in 0..100 {
        b.send_to(b"stranger", from).unwrap();
    }
    a.send_to(b"pong", from).unwrap();
    assert_eq!(guest.receive(made), (to_a, b"pong".to_vec()));
    // The same where it asked for any port itself: that is no listening.
    let (asked, at) = guest.bound(UDP, "0.0.0.0:0");
    assert_eq!(guest.ask(asked, Request::Bind, b"0.0.0.0:0", 0), TYPE);
    b.send_to(b"stranger", (at.ip(), at.port())).unwrap();
    a.send_to(b"friend", ("127.0.0.1", at.port())).unwrap();
    assert_eq!(guest.receive(asked), (to_a, b"friend".to_vec()));
    // Too short a room cuts, none for the address is refused.
    a.send_to(b"long words", from).unwrap();
    assert_eq!(guest.wait(made, ready::READ, 20_000), 1);
    let receive = |room: i64| [Request::ReceiveFrom as i64, 0, room << 32 | i64::from(OUT), 0];
    assert_eq!(guest.puppet.op(Op::Ctl, made, receive(31)), ARGUMENT);
    assert_eq!(guest.puppet.op(Op::Ctl, made, receive(36)), 36);
    assert_eq!(guest.got(36)[32..], *b"long");
    assert_eq!(guest.puppet.op(Op::Ctl, made, receive(36)), AGAIN, "the rest is gone");
    // A peer, and none again.
    assert_eq!(guest.ask(made, Request::Connect, &[], 0), TYPE);
    assert_eq!(guest.ask(made, Request::Connect, to_a.to_string().as_bytes(), 0), 0);
    assert_eq!(guest.ask(made, Request::PeerAddress, &[], 0), 32);
    assert_eq!(guest.send_to(made, None, &[7; 60_000]), 0);
    let mut long = vec![0; 70_000];
    assert_eq!(a.recv_from(&mut long).unwrap().0, 60_000);
    assert_eq!(guest.send_to(made, None, &[7; 65_536]), -256 - 90, "longer than any datagram");
    assert_eq!(guest.ask(made, Request::Connect, &[], 0), 0);
    assert_eq!(guest.ask(made, Request::PeerAddress, &[], 0), NOT_FOUND);
}

#[test]
fn who_may_listen_hears_everybody_and_may_answer() {
    let mut guest = Netted::new(grants(&[], &["127.0.0.1:0"]));
    let (server, at) = guest.bound(UDP, "127.0.0.1:0");
    let clients: Vec<UdpSocket> = (0..65).map(|_| UdpSocket::bind("127.0.0.1:0").unwrap()).collect();
    let addresses: Vec<SocketAddr> = clients.iter().map(|client| client.local_addr().unwrap()).collect();
    assert_eq!(guest.send_to(server, Some(addresses[0]), b"x"), RIGHTS, "he said nothing");
    for (client, from) in clients.iter().zip(&addresses) {
        client.send_to(b"hello", at).unwrap();
        assert_eq!(guest.receive(server), (*from, b"hello".to_vec()));
    }
    assert_eq!(guest.send_to(server, Some(addresses[64]), b"answer"), 0);
    let mut bytes = [0; 64];
    assert_eq!(clients[64].recv_from(&mut bytes).unwrap(), (6, at));
    // What it remembers is bounded.
    assert_eq!(guest.send_to(server, Some(addresses[1]), b"x"), 0);
    assert_eq!(guest.send_to(server, Some(addresses[0]), b"x"), RIGHTS);
    assert_eq!(guest.ask(server, Request::Connect, addresses[2].to_string().as_bytes(), 0), RIGHTS);
    // A flood is cut where the system's buffer ends.
    for _ in 0..20_000 {
        let _ = clients[3].send_to(&[0; 1000], at);
    }
    let mut flood = 0;
    while guest.ask(server, Request::ReceiveFrom, &[], 0) > 0 {
        flood += 1;
    }
    assert!(flood > 0 && flood < 15_000, "{flood}");
    drop(guest);
    assert!(UdpSocket::bind(at).is_ok(), "the port is free again");
}

#[test]
fn names_are_looked_up_and_lead_to_no_private_address() {
    let (udp, tcp) = (UdpSocket::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let (port, tcp_port) = (udp.local_addr().unwrap().port(), tcp.local_addr().unwrap().port());
    // A name to the resolver, which leads to this machine as a hostile one would: not an address in the words of grants.
    let name = "127.1";
    let granted = [format!("localhost:{port}"), name.to_owned()];
    let mut guest = Netted::new(grants(&granted.each_ref().map(String::as_str), &["*"]));
    let made = guest.socket(UDP);
    let local = format!("localhost:{port}");
    assert_eq!(guest.insist(made, Request::Resolve, local.as_bytes(), ready::WRITE), 32);
    let to = guest.address();
    assert_eq!(to, udp.local_addr().unwrap());
    assert_eq!(guest.send_to(made, Some(to), b"by name"), 0);
    assert_eq!(guest.insist(made, Request::Connect, local.as_bytes(), ready::WRITE), 0);
    assert_eq!(guest.send_to(made, None, b"peer"), 0);
    assert_eq!(guest.denied(), Vec::<String>::new());
    let hostile = format!("{name}:{port}");
    let other = guest.socket(UDP);
    assert_eq!(guest.insist(other, Request::Resolve, hostile.as_bytes(), ready::WRITE), RIGHTS);
    assert_eq!(guest.insist(other, Request::Connect, hostile.as_bytes(), ready::WRITE), RIGHTS);
    assert_eq!(guest.send_to(other, Some(to), b"x"), RIGHTS, "another socket looked that up");
    let missing = guest.insist(other, Request::Resolve, format!("{name}.invalid:1").as_bytes(), ready::WRITE);
    assert_eq!(missing, RIGHTS, "that was not granted");
    // Connections as well: opened, and of a socket that was bound.
    let hostile = format!("{name}:{tcp_port}");
    let connect = |guest: &mut Netted| {
        let bound = guest.bound(TCP, "127.0.0.1:0").0;
        assert_eq!(guest.ask(bound, Request::Connect, hostile.as_bytes(), 0), 0);
        let path = guest.put(hostile.as_bytes());
        let opened = guest.puppet.op(Op::Open, guest.net, [path & 0xffff_ffff, path >> 32, 0, 0]);
        assert!(opened > 0, "{opened}");
        [bound, opened].map(|handle| guest.insist(handle, Request::Connected, &[], ready::WRITE))
    };
    assert_eq!(connect(&mut guest), [RIGHTS; 2]);
    assert!(guest.denied().contains(&format!("--allow-net=127.0.0.1:{tcp_port}")), "{:?}", guest.denied());
    // Granted by its address too, or as everything: then it may.
    for also in ["127.0.0.0/8", "*"] {
        let mut guest = Netted::new(grants(&[name, also], &["127.0.0.1"]));
        assert_eq!(connect(&mut guest), [0; 2], "{also}");
        let bound = guest.socket(UDP);
        let text = format!("{name}:{port}");
        assert_eq!(guest.insist(bound, Request::Resolve, text.as_bytes(), ready::WRITE), 32);
    }
}

#[test]
fn hostile_addresses_are_refused() {
    let mut guest = Netted::new(grants(&["*"], &["*"]));
    let sockets = [TCP, UDP, socket::TCP6 as i64, socket::UDP6 as i64].map(|what| guest.socket(what));
    for at in [
        "",
        ":",
        "x",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:1:1",
        "[127.0.0.1:1",
        "[::1",
        "[::g]:1",
        "a.example:80",
        "10.0.0.0/8:1",
        "*:80",
        "224.0.0.1:80",
        "[ff02::1]:80",
        "255.255.255.255:80",
        "\0\0\0:1",
        "\u{1F980}:1",
        &format!("{}:1", "1".repeat(5000)),
    ] {
        for made in sockets {
            assert_eq!(guest.ask(made, Request::Bind, at.as_bytes(), 0), ARGUMENT, "{at:?}");
        }
    }
    let bytes = b"127.0.0.\xff:80";
    assert_eq!(guest.ask(sockets[0], Request::Bind, bytes, 0), ARGUMENT);
    // Version 4 in the clothes of version 6 is version 4, and not for a socket of version 6.
    assert_eq!(guest.ask(sockets[2], Request::Bind, b"[::ffff:127.0.0.1]:0", 0), ARGUMENT);
    assert_eq!(guest.ask(sockets[3], Request::Bind, b"127.0.0.1:0", 0), ARGUMENT);
    assert_eq!(guest.ask(sockets[0], Request::Bind, b"[::1]:0", 0), ARGUMENT);
    for to in ["0.0.0.0:9", "127.0.0.1:0", "[::1]:9"] {
        let to: SocketAddr = to.parse().unwrap();
        assert_eq!(guest.send_to(sockets[1], Some(to), b"x"), ARGUMENT, "{to}");
    }
    for (at, byte) in [(0, 5), (6, 1), (8, 1), (20, 1), (24, 1), (28, 1)] {
        let mut bad = to_bytes(&"127.0.0.1:9".parse().unwrap());
        bad[at] = byte;
        assert_eq!(guest.ask(sockets[1], Request::SendTo, &bad, 0), ARGUMENT, "{at}");
    }
    assert_eq!(guest.ask(sockets[1], Request::SendTo, &[4, 0, 0], 0), ARGUMENT);
    for what in [0, 1, 5, 7, 10, 0x24, -1, i64::MIN] {
        assert_eq!(guest.ask(guest.net, Request::Socket, &[], what), ARGUMENT, "{what}");
    }
    // What is asked of another kind of object, and of sockets in another state.
    for request in [Request::Listen, Request::Accept, Request::Connected, Request::Shutdown] {
        assert_eq!(guest.ask(sockets[1], request, &[], 1), TYPE, "{request:?}");
    }
    for request in [Request::Resolve, Request::SendTo, Request::ReceiveFrom, Request::Socket] {
        assert_eq!(guest.ask(sockets[0], request, &[0; 40], 1), TYPE, "{request:?}");
    }
    assert_eq!(guest.ask(sockets[0], Request::Shutdown, &[], 1), TYPE);
    assert_eq!(guest.puppet.op(Op::Read, sockets[0], [OUT.into(), 4, -1, 0]), TYPE);
    let out = 32 << 32 | 5_000_000;
    assert_eq!(
        guest.puppet.op(Op::Ctl, sockets[1], [Request::LocalAddress as i64, 0, out, 0]),
        Error::Fault.code()
    );
    assert_eq!(guest.denied(), Vec::<String>::new());
}

#[test]
fn a_narrowed_network_listens_where_it_is_told() {
    let mut guest = Netted::new(grants(&["127.0.0.1"], &["localhost"]));
    let list = b"listen localhost:0\x00127.0.0.1:9\0";
    let narrow = guest.ask(guest.net, Request::Narrow, list, 0);
    assert!(narrow > 0, "{narrow}");
    assert_eq!(guest.ask(guest.net, Request::Narrow, b"listen *\0", 0), RIGHTS);
    assert_eq!(guest.ask(guest.net, Request::Narrow, b"listen 0.0.0.0:0\0", 0), RIGHTS);
    assert_eq!(guest.ask(guest.net, Request::Narrow, b"listen a.example\0", 0), ARGUMENT);
    guest.net = narrow;
    let (server, _) = guest.bound(TCP, "127.0.0.1:0");
    // What it was made by goes with it.
    assert_eq!(guest.ask(server, Request::Connect, b"127.0.0.1:10", 0), RIGHTS);
    assert_eq!(guest.puppet.op(Op::Close, narrow, [0; 4]), 0);
    assert_eq!(guest.ask(server, Request::Listen, &[], 1), 0);
    let denied = guest.denied();
    assert_eq!(denied, ["--allow-listen=*", "--allow-listen=0.0.0.0:0", "--allow-net=127.0.0.1:10"]);
}
