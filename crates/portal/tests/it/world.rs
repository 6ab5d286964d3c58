//! Two partners, a simulated Kaseya, a bus, and callers with each role.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo};
use bus::{InProcess, SharedBus};
use domain::{Entropy, PartnerId, Role, TokenId};
use egress::{Egress, EgressSettings};
use http::{HeaderMap, Method, Request, Response, StatusCode, header, request::Builder};
use kaseya::{Bms, BmsSettings};
use kaseya_simulator::{Clock, Running, Simulator, State};
use operations::{Connections, Operations};
use portal::{Context, Portal, PortalSettings};
use serde_json::Value;
use store::{
    DatabaseRole, Store,
    access::tokens::{self, NewToken},
};
use testkit::{TestDatabase, database_as, entropy};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use vault::{KeyRing, Token};

pub(crate) const RIGHT: &str = "correct horse";
pub(crate) const NOW: &str = "2026-11-23T10:00:00Z";
/// When the tokens expire.
const EXPIRES: &str = "2027-11-23T10:00:00Z";

/// The maximum size of a response that a test reads, in bytes.
const MOST: usize = 64 * 1024 * 1024;

pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) kaseya: Running,
    pub(crate) bus: Arc<InProcess>,
    pub(crate) clock: testkit::Clock,
    pub(crate) viewer: String,
    pub(crate) editor: String,
    pub(crate) admin: String,
    /// Another partner's token, with every right there.
    pub(crate) stranger: String,
    /// The provider's token for this partner.
    pub(crate) provider: String,
    entropy: Entropy,
    router: Router,
}

/// The response.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The body as JSON; null if it is not JSON.
    pub(crate) json: Value,
}

impl World {
    /// With the partners of `partner.sql`; `msp` has an integration, `other` has none.
    pub(crate) async fn new() -> Self {
        let kaseya = Simulator::new(kaseya_state(), Clock::standing(NOW.parse().expect("an instant")))
            .start(([127, 0, 0, 1], 0).into())
            .await
            .expect("a free port");
        let database = database_as(DatabaseRole::Portal).await;
        let sql = include_str!("partner.sql");
        database.client().await.batch_execute(sql).await.expect("the statements are right");
        let [viewer, editor, admin, stranger, provider] =
            [1, 2, 3, 4, 6].map(|byte| token(byte).expose_secret().to_owned());
        let (bus, clock, entropy) = (Arc::new(InProcess::new()), testkit::Clock::at(NOW), entropy(7));
        let router = router(database.store.clone(), bus.clone(), Arc::new(clock.clone()), &entropy);
        let world =
            Self { database, kaseya, bus, clock, viewer, editor, admin, stranger, provider, entropy, router };
        world.mint(1, "msp", Role::Viewer).await;
        world.mint(2, "msp", Role::Editor).await;
        world.mint(3, "msp", Role::Admin).await;
        world.mint(4, "other", Role::Admin).await;
        world.mint(6, "msp", Role::Provider).await;
        world
    }

    /// The same world, with a portal that reaches database and broker through these.
    pub(crate) fn reached_by(self, store: Store, bus: SharedBus) -> Self {
        let router = router(store, bus, Arc::new(self.clock.clone()), &self.entropy);
        Self { router, ..self }
    }

    /// The same world, with a portal that uses this clock.
    pub(crate) fn timed_by(self, store: Store, clock: Arc<dyn domain::Clock>) -> Self {
        let router = router(store, self.bus.clone(), clock, &self.entropy);
        Self { router, ..self }
    }

    async fn mint(&self, byte: u8, partner: &str, role: Role) {
        let partner = PartnerId::new(partner).expect("an id");
        let new = NewToken {
            token: TokenId(uuid::Uuid::from_u128(byte.into())),
            partner: &partner,
            name: role.as_str(),
            role,
            hash: &token(byte).hash(),
            by: "a test",
            expires_at: EXPIRES.parse().expect("an instant"),
        };
        let now = NOW.parse().expect("an instant");
        let minted =
            self.database.store.transaction("mint", |tx| Box::pin(tokens::mint(tx, &new, now))).await;
        minted.expect("the partner is there");
    }

    /// A revoked token of this partner.
    pub(crate) async fn revoked(&self) -> String {
        self.mint(5, "msp", Role::Admin).await;
        self.sql("update api_tokens set revoked_at = created_at where token_id = '00000000-0000-0000-0000-000000000005'")
            .await;
        token(5).expose_secret().to_owned()
    }

    /// A token that does not exist.
    pub(crate) fn unknown(&self) -> &'static str {
        "ks_CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk"
    }

    /// The CSRF token of another session.
    pub(crate) fn csrf_of_another(&self) -> String {
        token(9).csrf(|bytes| bytes.fill(1))
    }

    /// Signs a person in and returns the cookie.
    pub(crate) async fn sign_in(&self, token: &str) -> String {
        let answer = self.sign_in_from([127, 0, 0, 1], token, "en").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        let cookie = answer.headers[header::SET_COOKIE].to_str().expect("a text");
        cookie.split(';').next().expect("a cookie").to_owned()
    }

    /// Tries to sign a person in from an address.
    pub(crate) async fn sign_in_from(&self, peer: [u8; 4], token: &str, language: &str) -> Answer {
        let request = request(Method::POST, "/sign-in", None, &[("accept-language", language)]);
        self.answer(peer.into(), request, &format!("token={token}")).await
    }

    /// Posts a form as a page of this session does.
    pub(crate) async fn post(
        &self,
        cookie: &str,
        path: &str,
        headers: &[(&str, &str)],
        form: &str,
    ) -> Answer {
        let (_, secret) = cookie.split_once('=').expect("a name and a value");
        let csrf = Token::parse(secret).expect("a session's token").csrf(|bytes| bytes.fill(1));
        let headers = [headers, &[("cookie", cookie)]].concat();
        self.request(Method::POST, path, None, &headers, &format!("csrf={csrf}&{form}")).await
    }

    /// A page of this session.
    pub(crate) async fn page(&self, cookie: &str, path: &str) -> Answer {
        self.request(Method::GET, path, None, &[("cookie", cookie)], "").await
    }

    /// A request without credentials.
    pub(crate) async fn call(&self, method: Method, path: &str) -> Answer {
        self.request(method, path, None, &[], "").await
    }

    /// Reads from the partner's API as its viewer.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, &format!("/v1/partners/msp{path}"), Some(&self.viewer), &[], "").await
    }

    /// Sends a body as the partner's administrator.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send_with(method, path, &[], body).await
    }

    /// The same with headers.
    pub(crate) async fn send_with(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let is_list = ["/companies", "/products"].contains(&path);
        let is_report = is_list || path.starts_with("/user-counts/") || path.starts_with("/charges/");
        let is_report = method == Method::PUT && is_report;
        let token = if is_report { &self.provider } else { &self.admin };
        let path = format!("/v1/partners/msp{path}");
        self.request(method, &path, Some(token), headers, &body.to_string()).await
    }

    /// A request as it arrives over the network. A page's form has its own content type.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.answer([127, 0, 0, 1].into(), request(method, path, token, headers), body).await
    }

    /// A page of which only the head has been read.
    pub(crate) async fn open(&self, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
        let peer = [127, 0, 0, 1].into();
        self.head(peer, request(Method::GET, path, None, headers), "").await
    }

    async fn answer(&self, peer: IpAddr, request: Builder, body: &str) -> Answer {
        let (parts, body) = self.head(peer, request, body).await.into_parts();
        let bytes = axum::body::to_bytes(body, MOST).await.expect("a whole body");
        let text = String::from_utf8(bytes.to_vec()).expect("a text");
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, text, json }
    }

    async fn head(&self, peer: IpAddr, request: Builder, body: &str) -> Response<Body> {
        let peer = ConnectInfo(SocketAddr::new(peer, 1));
        let request = request.extension(peer).body(Body::from(body.to_owned())).expect("a request");
        let answered = self.router.clone().oneshot(request).await;
        match answered {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    pub(crate) async fn sql(&self, sql: &str) {
        self.database.client().await.batch_execute(sql).await.expect("the statements are right");
    }

    /// The connection to the simulated Kaseya, as it is saved.
    pub(crate) fn connection(&self, password: &str) -> Value {
        let base = self.kaseya.base_url();
        serde_json::json!({
            "host": "bms.kaseya.com", "v2_base": base, "v1_base": format!("{base}/api"), "user_name": "sync",
            "password": password, "company_name": "Example MSP", "enabled": true, "billing": "arrears",
            "invoice_day": 5, "month_end_run": true
        })
    }
}

fn request(method: Method, path: &str, token: Option<&str>, headers: &[(&str, &str)]) -> Builder {
    let kind = if path.starts_with("/v1") { "application/json" } else { "application/x-www-form-urlencoded" };
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    match token {
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    }
}

fn router(store: Store, bus: SharedBus, clock: Arc<dyn domain::Clock>, entropy: &Entropy) -> Router {
    let ring = KeyRing::generate("first", |bytes| entropy.fill(bytes)).expect("a ring");
    let keys = Arc::new(KeyRing::parse(&ring).expect("a ring"));
    let egress = Egress::new(EgressSettings { allow_loopback_http: true }).expect("TLS roots");
    let bms = Bms::new(egress, Arc::clone(&clock), BmsSettings::default());
    let spread = Duration::from_secs(900);
    let operations = Operations { store, bus: Some(bus), clock, entropy: entropy.clone(), spread };
    let address = ([127, 0, 0, 1], 0).into();
    let settings = PortalSettings { address, plain_http: true, proxies: None, spread, oidc: None };
    let connections = Connections::new(operations, bms, keys);
    let portal = Portal::new(Context { connections, settings, stop: CancellationToken::new() });
    portal.expect("no identity provider is asked for").router()
}

fn token(byte: u8) -> Token {
    Token::generate(|bytes| bytes.fill(byte))
}

fn kaseya_state() -> State {
    State::builder()
        .login("sync", RIGHT, "Example MSP")
        .account(301, "Azienda 1")
        .service(701, "Password Boss Standard", 3.5)
        .contract(5001, 301, "Servizi gestiti")
        .line(90_011, 701, 10.0)
        .build()
}
