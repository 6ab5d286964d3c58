//! Sign-in by OpenID Connect: the authorization code flow with PKCE, with any provider that supports discovery.
//!
//! The provider's metadata and keys are read on each sign-in. A rotated key takes effect at once, and a provider
//! that is down when the portal starts blocks only its own sign-ins.

use std::{error::Error, sync::Arc, time::Duration};

use chrono::DateTime;
use domain::Clock;
use egress::{OperatorSet, SetupError};
use jiff::Timestamp;
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    HttpRequest, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, ProviderMetadataWithLogout, RedirectUrl, Scope, TokenResponse as _,
    core::{
        CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreIdTokenClaims,
        CoreJwsSigningAlgorithm as Signing, CoreUserInfoClaims,
    },
};
use secrecy::ExposeSecret as _;
use url::Url;

use crate::{pending_sign_in::PendingSignIn, settings::OidcSettings};

/// The redirect path below the portal's public URL.
const BACK: &str = "/sign-in/openid/back";

/// We do not accept an older sign-in at the provider; none of our own sessions lives longer.
pub(crate) const OLDEST_SIGN_IN: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Signatures by a key that the provider publishes. Signatures made with the secret that we share with the provider
/// prove less.
const SIGNATURES: [Signing; 9] = [
    Signing::RsaSsaPkcs1V15Sha256,
    Signing::RsaSsaPkcs1V15Sha384,
    Signing::RsaSsaPkcs1V15Sha512,
    Signing::RsaSsaPssSha256,
    Signing::RsaSsaPssSha384,
    Signing::RsaSsaPssSha512,
    Signing::EcdsaP256Sha256,
    Signing::EcdsaP384Sha384,
    Signing::EdDsa,
];

type Discovered = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The configured provider.
pub(crate) struct IdentityProvider {
    settings: OidcSettings,
    issuer: IssuerUrl,
    back: RedirectUrl,
    name: String,
    egress: OperatorSet,
    clock: Arc<dyn Clock>,
}

/// Sign-in by a provider cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum ProviderSetupError {
    /// A URL is invalid, or cannot be a provider's or a portal's.
    #[error("[portal.oidc] {field}: {why}")]
    Address {
        /// The configuration field.
        field: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The egress cannot be set up.
    #[error(transparent)]
    Egress(#[from] SetupError),
}

/// Why a provider did not name a person. The text is for logs only.
#[derive(Debug, thiserror::Error)]
#[error("the identity provider, {step}: {why}")]
pub(crate) struct NobodyNamed {
    step: &'static str,
    why: String,
}

/// The person that the provider named.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub issuer: String,
    pub subject: String,
    /// The email address, if the provider has verified that it is this person's.
    pub verified_email: Option<String>,
    /// When the provider last authenticated the person, if it says so.
    pub asked_at: Option<Timestamp>,
}

impl IdentityProvider {
    pub fn new(settings: OidcSettings, clock: Arc<dyn Clock>) -> Result<Self, ProviderSetupError> {
        let wrong = |field, why: &dyn Error| ProviderSetupError::Address { field, why: why.to_string() };
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|error| wrong("issuer", &error))?;
        let name = issuer.url().host_str().map(str::to_owned).ok_or_else(|| ProviderSetupError::Address {
            field: "issuer",
            why: "it names no host".to_owned(),
        })?;
        let back = settings.public_url.join(BACK).map_err(|error| wrong("public_url", &error))?;
        let back = RedirectUrl::from_url(back);
        Ok(Self { settings, issuer, back, name, egress: OperatorSet::new()?, clock })
    }

    /// The issuer, as the provider names itself.
    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// The name that people know: the host.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The provider's authorization URL, where the browser is sent to sign in.
    pub async fn asks_at(&self, pending: &PendingSignIn) -> Result<Url, NobodyNamed> {
        let verifier = PkceCodeVerifier::new(pending.verifier());
        let client = self.discover().await?;
        let (state, nonce) = (CsrfToken::new(pending.state()), Nonce::new(pending.nonce()));
        let request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce)
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        let request = if pending.confirms {
            request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO)
        } else {
            request.set_max_age(OLDEST_SIGN_IN)
        };
        let (url, _, _) = request.url();
        Ok(url)
    }

    /// The provider's sign-out URL; `None` if it publishes none.
    pub async fn signs_out_at(&self) -> Result<Option<Url>, NobodyNamed> {
        let metadata = self.describes_itself().await?;
        let at = metadata.additional_metadata().end_session_endpoint.clone();
        let client = ClientId::new(self.settings.client_id.clone());
        Ok(at.map(|at| LogoutRequest::from(at).set_client_id(client).http_get_url()))
    }

    /// Exchanges the code that a browser brought back for the person that the provider names.
    pub async fn named(&self, pending: &PendingSignIn, code: String) -> Result<Named, NobodyNamed> {
        let client = self.discover().await?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| nobody("its description", &error))?
            .set_pkce_verifier(PkceCodeVerifier::new(pending.verifier()))
            .request_async(&self.http())
            .await
            .map_err(|error| nobody("asked for whom a code stands", &error))?;
        let token = answer.id_token().ok_or_else(|| NobodyNamed {
            step: "asked for whom a code stands",
            why: "its answer has no id token".to_owned(),
        })?;
        let now = self.clock.now();
        let verifier = client.id_token_verifier().set_allowed_algs(SIGNATURES).set_time_fn(move || {
            DateTime::from_timestamp(now.as_second(), 0).unwrap_or(DateTime::<chrono::Utc>::MAX_UTC)
        });
        let claims: &CoreIdTokenClaims = token
            .claims(&verifier, &Nonce::new(pending.nonce()))
            .map_err(|error| nobody("its id token", &error))?;
        let (mut email, mut verified) = (claims.email().cloned(), claims.email_verified());
        // Many providers return the claims of the scope `email` only from the user info endpoint.
        if email.is_none()
            && let Ok(asked) =
                client.user_info(answer.access_token().to_owned(), Some(claims.subject().to_owned()))
        {
            let told: CoreUserInfoClaims = asked
                .request_async(&self.http())
                .await
                .map_err(|error| nobody("asked about the person", &error))?;
            (email, verified) = (told.email().cloned(), told.email_verified());
        }
        Ok(Named {
            issuer: self.issuer.to_string(),
            subject: claims.subject().to_string(),
            asked_at: claims.auth_time().and_then(|at| Timestamp::from_second(at.timestamp()).ok()),
            verified_email: email.filter(|_| verified == Some(true)).map(|email| email.to_string()),
        })
    }

    async fn describes_itself(&self) -> Result<ProviderMetadataWithLogout, NobodyNamed> {
        ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.http())
            .await
            .map_err(|error| nobody("its description", &error))
    }

    async fn discover(&self) -> Result<Discovered, NobodyNamed> {
        let metadata = self.describes_itself().await?;
        let secret =
            self.settings.client_secret_file.read().map_err(|error| nobody("our secret for it", &error))?;
        let secret = ClientSecret::new(secret.expose_secret().to_owned());
        let client = ClientId::new(self.settings.client_id.clone());
        Ok(CoreClient::from_provider_metadata(metadata, client, Some(secret))
            .set_redirect_uri(self.back.clone()))
    }

    /// The egress, as the library calls it.
    fn http(&self) -> impl Fn(HttpRequest) -> Exchange + Send + Sync + 'static {
        let egress = self.egress.clone();
        move |request| {
            let egress = egress.clone();
            Box::pin(async move { egress.send(request).await })
        }
    }
}

type Exchange = futures::future::BoxFuture<'static, Result<openidconnect::HttpResponse, egress::EgressError>>;

fn nobody(step: &'static str, error: &dyn Error) -> NobodyNamed {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    NobodyNamed { step, why: causes.map(ToString::to_string).collect::<Vec<_>>().join(": ") }
}
