//! A plain HTTP/1.1 client of our own, so that no client library hides anything.

use std::{io, net::SocketAddr};

use kaseya_simulator::{Behaviour, Clock, Running, Simulator, State};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub const FORM: &str = "application/x-www-form-urlencoded";
pub const JSON: &str = "application/json";

/// The user, password and tenant of [`State::builder`].
pub const RIGHT: [&str; 3] = ["sync@msp.example", "correct horse", "Example MSP"];

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub content_type: String,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

#[derive(Debug, Default, Clone)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub token: Option<String>,
    pub content_type: Option<String>,
    pub body: String,
}

impl Request {
    pub fn get(target: &str) -> Self {
        Self { method: "GET".to_owned(), target: target.to_owned(), ..Self::default() }
    }

    pub fn form(target: &str, fields: &[(&str, &str)]) -> Self {
        Self {
            method: "POST".to_owned(),
            target: target.to_owned(),
            content_type: Some(FORM.to_owned()),
            body: url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish(),
            token: None,
        }
    }

    pub fn json(method: &str, target: &str, body: &Value) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            content_type: Some(JSON.to_owned()),
            body: body.to_string(),
            token: None,
        }
    }

    pub fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// Sends the request and leaves the response to the caller.
    pub async fn begin(&self, to: SocketAddr) -> io::Result<TcpStream> {
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\n", self.method, self.target);
        if let Some(token) = &self.token {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        if let Some(kind) = &self.content_type {
            head += &format!("Content-Type: {kind}\r\n");
        }
        head += &format!("Content-Length: {}\r\n\r\n{}", self.body.len(), self.body);
        let mut stream = TcpStream::connect(to).await?;
        stream.write_all(head.as_bytes()).await?;
        Ok(stream)
    }

    /// Sends the request; an error if the connection ends without a response.
    pub async fn send(&self, to: SocketAddr) -> io::Result<Answer> {
        let mut stream = self.begin(to).await?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        let text = String::from_utf8(bytes).map_err(io::Error::other)?;
        let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let content_type = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map(|(_, value)| value.to_owned());
        Ok(Answer {
            status: status.ok_or(io::ErrorKind::InvalidData)?,
            head: head.to_owned(),
            content_type: content_type.unwrap_or_default(),
            text: body.to_owned(),
        })
    }
}

pub fn noon() -> jiff::Timestamp {
    "2026-03-01T11:00:00Z".parse().unwrap()
}

/// A simulator on a free port, with its clock at noon in Rome on 1 March 2026.
pub async fn simulator(state: State) -> Running {
    Simulator::new(state, Clock::standing(noon())).start(([127, 0, 0, 1], 0).into()).await.unwrap()
}

pub fn v2_login([user, password, tenant]: [&str; 3]) -> Request {
    Request::form(
        "/v2/security/authenticate",
        &[("GrantType", "password"), ("UserName", user), ("Password", password), ("Tenant", tenant)],
    )
}

pub fn v1_login([user, password, tenant]: [&str; 3]) -> Request {
    Request::form(
        "/api/token",
        &[("grant_type", "password"), ("username", user), ("password", password), ("tenant", tenant)],
    )
}

pub async fn v2_token(kaseya: &Running) -> String {
    let answer = v2_login(RIGHT).send(kaseya.address()).await.unwrap().json();
    answer["result"]["accessToken"].as_str().unwrap().to_owned()
}

pub async fn v1_token(kaseya: &Running) -> String {
    let answer = v1_login(RIGHT).send(kaseya.address()).await.unwrap().json();
    answer["access_token"].as_str().unwrap().to_owned()
}

/// One account, two services, and a contract with a line for each.
pub fn small() -> State {
    State::builder()
        .account(301, "Panificio Niccolò")
        .service(701, "Password Boss Standard", 3.5)
        .service(702, "Password Boss Advanced", 5.0)
        .contract(5012, 301, "Managed services")
        .line(90021, 701, 12.0)
        .line(90022, 702, 3.0)
        .build()
}

/// [`small`] with other switches.
pub async fn behaving(set: impl FnOnce(&mut Behaviour)) -> Running {
    let mut state = small();
    set(&mut state.behaviour);
    simulator(state).await
}

pub const LINES: &str = "/api/finance/contracts/5012/services";
pub const LINE: &str = "/api/finance/contracts/5012/services/90021";

/// The first line of [`small`] as read, with other units.
pub async fn line_with_units(kaseya: &Running, token: &str, units: Value) -> Value {
    let answer = Request::get(LINES).token(token).send(kaseya.address()).await.unwrap().json();
    let mut line = answer["Result"][0].clone();
    line["Units"] = units;
    line["EffectiveDate"] = json!("2026-03-01T00:00:00");
    line
}

pub async fn put_units(kaseya: &Running, token: &str, units: i32) -> Request {
    Request::json("PUT", LINE, &line_with_units(kaseya, token, json!(units)).await).token(token)
}
