//! Hostile hosts and names, through the client (D-07).

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use url::Url;

use super::*;

fn get(url: Url) -> Request {
    Request {
        method: Method::Get,
        url,
        query: Vec::new(),
        bearer: None,
        body: Body::None,
        timeout: Duration::from_secs(30),
    }
}

/// Resolves a name to these addresses in turn, repeating the last, and counts the look-ups.
fn names(answers: &[&[&str]]) -> (Lookup, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let answers: Vec<Vec<IpAddr>> = answers
        .iter()
        .map(|list| list.iter().map(|text| text.parse().expect("an address")).collect())
        .collect();
    let lookup: Lookup = Arc::new(move |_| {
        let nth = counter.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
        let answer = answers[nth].clone();
        Box::pin(async move { Ok(answer) })
    });
    (lookup, asked)
}

/// Why nothing was sent.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// The text is not a URL.
    Text,
    Guard(GuardRefusal),
}

const SCHEME: Refusal = Refusal::Guard(GuardRefusal::Scheme);
const USER_INFO: Refusal = Refusal::Guard(GuardRefusal::UserInfo);
const LITERAL: Refusal = Refusal::Guard(GuardRefusal::Literal);
const NAME: Refusal = Refusal::Guard(GuardRefusal::Name);
const PORT: Refusal = Refusal::Guard(GuardRefusal::Port);
const ADDRESS: Refusal = Refusal::Guard(GuardRefusal::Address);

/// Refused before any name is resolved.
const NOT_ASKED: &[&str] = &[];

/// What is tried, where the name leads, and the refusal.
const HOSTILE: &[(&str, &[&str], Refusal)] = &[
    // Other schemes and ports.
    ("http://bms.kaseya.com/", NOT_ASKED, SCHEME),
    ("http://bms.kaseya.com:8080/", NOT_ASKED, SCHEME),
    ("http://10.0.0.1:8080/", NOT_ASKED, SCHEME),
    ("http://169.254.169.254/latest/meta-data/", NOT_ASKED, SCHEME),
    ("http://localhost/", NOT_ASKED, SCHEME),
    ("http://localhost.evil.example:8080/", NOT_ASKED, SCHEME),
    ("ftp://bms.kaseya.com/", NOT_ASKED, SCHEME),
    ("ws://bms.kaseya.com/", NOT_ASKED, SCHEME),
    ("gopher://bms.kaseya.com/", NOT_ASKED, SCHEME),
    ("file:///etc/passwd", NOT_ASKED, SCHEME),
    ("unix:/run/postgresql", NOT_ASKED, SCHEME),
    ("data:text/plain,x", NOT_ASKED, SCHEME),
    ("https://bms.kaseya.com:22/", NOT_ASKED, PORT),
    ("https://bms.kaseya.com:80/", NOT_ASKED, PORT),
    ("https://bms.kaseya.com:8443/", NOT_ASKED, PORT),
    ("https://bms.kaseya.com:0/", NOT_ASKED, PORT),
    ("https://bms.kaseya.com:65536/", NOT_ASKED, Refusal::Text),
    // User info, which hides the host behind it.
    ("https://user@bms.kaseya.com/", NOT_ASKED, USER_INFO),
    ("https://user:secret@bms.kaseya.com/", NOT_ASKED, USER_INFO),
    ("https://:secret@bms.kaseya.com/", NOT_ASKED, USER_INFO),
    ("https://bms.kaseya.com@127.0.0.1/", NOT_ASKED, USER_INFO),
    ("https://bms.kaseya.com%2f@evil.example/", NOT_ASKED, USER_INFO),
    ("https://bms.kaseya.com:443@[::1]/", NOT_ASKED, USER_INFO),
    // IPv4 in all its spellings.
    ("https://127.0.0.1/", NOT_ASKED, LITERAL),
    ("https://127.1/", NOT_ASKED, LITERAL),
    ("https://2130706433/", NOT_ASKED, LITERAL),
    ("https://0x7f000001/", NOT_ASKED, LITERAL),
    ("https://0x7f.0x0.0x0.0x1/", NOT_ASKED, LITERAL),
    ("https://0177.0.0.1/", NOT_ASKED, LITERAL),
    ("https://017700000001/", NOT_ASKED, LITERAL),
    ("https://0/", NOT_ASKED, LITERAL),
    ("https://10.0.0.1/", NOT_ASKED, LITERAL),
    ("https://169.254.169.254/", NOT_ASKED, LITERAL),
    ("https://2852039166/", NOT_ASKED, LITERAL),
    ("https://0xa9fea9fe/", NOT_ASKED, LITERAL),
    ("https://8.8.8.8/", NOT_ASKED, LITERAL),
    ("https://127.0.0.1./", NOT_ASKED, LITERAL),
    ("https://①②⑦.⓪.⓪.①/", NOT_ASKED, LITERAL),
    ("https://１２７．０．０．１/", NOT_ASKED, LITERAL),
    ("https://127。0。0。1/", NOT_ASKED, LITERAL),
    ("https://%31%32%37.0.0.1/", NOT_ASKED, LITERAL),
    ("https://256.0.0.1/", NOT_ASKED, Refusal::Text),
    ("https://1.2.3.4.5/", NOT_ASKED, Refusal::Text),
    // IPv6, with IPv4 inside.
    ("https://[::1]/", NOT_ASKED, LITERAL),
    ("https://[::]/", NOT_ASKED, LITERAL),
    ("https://[0:0:0:0:0:0:0:1]/", NOT_ASKED, LITERAL),
    ("https://[::127.0.0.1]/", NOT_ASKED, LITERAL),
    ("https://[::ffff:127.0.0.1]/", NOT_ASKED, LITERAL),
    ("https://[::ffff:7f00:1]/", NOT_ASKED, LITERAL),
    ("https://[64:ff9b::7f00:1]/", NOT_ASKED, LITERAL),
    ("https://[2002:7f00:1::]/", NOT_ASKED, LITERAL),
    ("https://[fd00:ec2::254]/", NOT_ASKED, LITERAL),
    ("https://[fe80::1]/", NOT_ASKED, LITERAL),
    ("https://[fe80::1%25eth0]/", NOT_ASKED, Refusal::Text),
    ("https://[::1/", NOT_ASKED, Refusal::Text),
    // Names that no certificate can name.
    ("https://localhost/", NOT_ASKED, NAME),
    ("https://LOCALHOST/", NOT_ASKED, NAME),
    ("https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", NOT_ASKED, NAME),
    ("https://localhost./", NOT_ASKED, NAME),
    ("https://metadata/", NOT_ASKED, NAME),
    ("https://bms.kaseya.com./", NOT_ASKED, NAME),
    ("https://bms..kaseya.com/", NOT_ASKED, NAME),
    ("https://.kaseya.com/", NOT_ASKED, NAME),
    ("https://bms.kaseya.com\u{0}.evil.example/", NOT_ASKED, Refusal::Text),
    ("https://bms.kaseya.com%00.evil.example/", NOT_ASKED, Refusal::Text),
    ("https://bms kaseya.com/", NOT_ASKED, Refusal::Text),
    ("https:///", NOT_ASKED, Refusal::Text),
    // Names that lead inside.
    ("https://bms.evil.example/", &["127.0.0.1"], ADDRESS),
    ("https://localhost.localdomain/", &["127.0.0.1"], ADDRESS),
    ("https://127.0.0.1.nip.example/", &["127.0.0.1"], ADDRESS),
    ("https://metadata.google.internal/", &["169.254.169.254"], ADDRESS),
    ("https://bms.kaseya.com.evil.example/", &["10.0.0.1"], ADDRESS),
    ("https://bms.xn--kseya-3ve.com/", &["192.168.1.10"], ADDRESS),
    ("https://bms。kaseya。com/", &["172.16.0.1"], ADDRESS),
    ("https://cluster.evil.example/", &["100.64.0.1"], ADDRESS),
    ("https://zero.evil.example/", &["0.0.0.0"], ADDRESS),
    ("https://everybody.evil.example/", &["255.255.255.255"], ADDRESS),
    ("https://azure.evil.example/", &["168.63.129.16"], ADDRESS),
    ("https://six.evil.example/", &["::1"], ADDRESS),
    ("https://mapped.evil.example/", &["::ffff:10.0.0.1"], ADDRESS),
    ("https://compatible.evil.example/", &["::10.0.0.1"], ADDRESS),
    ("https://translated.evil.example/", &["64:ff9b::a00:1"], ADDRESS),
    ("https://tunnelled.evil.example/", &["2002:a00:1::"], ADDRESS),
    ("https://teredo.evil.example/", &["2001:0:a00:1::"], ADDRESS),
    ("https://unique.evil.example/", &["fd00:ec2::254"], ADDRESS),
    ("https://link.evil.example/", &["fe80::1"], ADDRESS),
    ("https://several.evil.example/", &["1.1.1.1", "10.0.0.1"], ADDRESS),
    ("https://both.evil.example/", &["2606:4700::1", "1.1.1.1", "::1"], ADDRESS),
];

#[tokio::test]
async fn d_07_hostile_hosts_are_refused_and_nothing_is_sent() {
    assert!(HOSTILE.len() >= 60);
    // The development switch opens none of them.
    for allow_loopback_http in [false, true] {
        for (tried, leads_to, refusal) in HOSTILE {
            let (lookup, asked) = names(&[leads_to]);
            let egress = Egress::with_lookup(EgressSettings { allow_loopback_http }, lookup).unwrap();
            let refused = match Url::parse(tried) {
                Err(_) => Refusal::Text,
                Ok(url) => match egress.send(get(url)).await.unwrap_err() {
                    EgressError::Guard(refusal) => Refusal::Guard(refusal),
                    other => panic!("{tried}: {other}"),
                },
            };
            assert_eq!(refused, *refusal, "{tried}");
            // A name is resolved once: nothing comes between the check and the use.
            assert_eq!(asked.load(Ordering::Relaxed), usize::from(!leads_to.is_empty()), "{tried}");
        }
    }
    assert!(!EgressError::Guard(GuardRefusal::Address).may_have_arrived());
}

/// Answers each connection once and closes it; counts them.
async fn closing_server() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let reached = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&reached);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::Relaxed);
            let _ = stream.read(&mut [0; 1024]).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
            let _ = stream.write_all(answer).await;
        }
    });
    (port, reached)
}

#[tokio::test]
async fn d_07_a_name_that_turns_elsewhere_after_it_was_right_is_refused_then() {
    let (port, reached) = closing_server().await;
    // Here loopback stands for the right address, and the neighbour's network for the wrong one.
    let (lookup, asked) = names(&[&["127.0.0.1"], &["10.0.0.1"], &["127.0.0.1", "1.1.1.1"]]);
    let egress = Egress::with_lookup(EgressSettings { allow_loopback_http: true }, lookup).unwrap();
    let url = Url::parse(&format!("http://localhost:{port}/")).unwrap();
    assert_eq!(egress.send(get(url.clone())).await.unwrap().body, "ok");
    for _ in 0..2 {
        let error = egress.send(get(url.clone())).await.unwrap_err();
        assert_eq!(error, EgressError::Guard(GuardRefusal::Address));
    }
    assert_eq!((asked.load(Ordering::Relaxed), reached.load(Ordering::Relaxed)), (3, 1));
}

#[tokio::test]
async fn a_name_that_does_not_resolve_was_not_sent() {
    let lookup: Lookup = Arc::new(|_| Box::pin(async { Err(std::io::Error::other("no such name")) }));
    let egress = Egress::with_lookup(EgressSettings::default(), lookup).unwrap();
    let error = egress.send(get(Url::parse("https://nowhere.example/").unwrap())).await.unwrap_err();
    assert_eq!(error, EgressError::Resolve);
    assert!(!error.may_have_arrived());
}
