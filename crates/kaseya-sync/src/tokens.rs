//! `token`: creates, lists and revokes the tokens that people and programs use to log in to the portal.

use anyhow::Context as _;
use domain::TokenId;
use operations::{
    access::{LetOut, TokenForm},
    read_models::Token,
};
use store::access::tokens;

use crate::{command_line::TokenCommand, ended::Ended, installation::Installation, output};

pub(crate) async fn command(installation: &Installation, order: TokenCommand) -> anyhow::Result<Ended> {
    match order {
        TokenCommand::New { partner, name, role, days, by } => {
            new(installation, &partner, TokenForm { name: &name, role, days }, &by.by).await
        }
        TokenCommand::List { partner, json } => list(installation, &partner, json).await,
        TokenCommand::Revoke { partner, id, by } => revoke(installation, &partner, &id, &by.by).await,
    }
}

async fn new(
    installation: &Installation,
    partner: &str,
    form: TokenForm<'_>,
    by: &str,
) -> anyhow::Result<Ended> {
    let settings = installation.partner(partner).await?;
    let operations = installation.operations(None)?;
    let made = operations.by(&Installation::actor(by)).make_token(&settings.partner, form).await?;
    output::say(&made.secret.expose_secret())?;
    let (id, ends) = (made.token, output::instant(Some(made.expires_at), settings.zone()));
    output::tell(&format_args!(
        "the token {id} is not shown again; it lets somebody in until {ends}; `kaseya-sync token revoke {partner} {id}` ends \
         it before"
    ));
    Ok(Ended::InOrder)
}

async fn list(installation: &Installation, partner: &str, json: bool) -> anyhow::Result<Ended> {
    let settings = installation.partner(partner).await?;
    let known = installation
        .store
        .transaction("list_tokens", |tx| Box::pin(tokens::list(tx, &settings.partner)))
        .await?;
    if json {
        let tokens: Vec<Token> = known.into_iter().map(Token::from).collect();
        output::say(&serde_json::to_string_pretty(&tokens)?)?;
        return Ok(Ended::InOrder);
    }
    let zone = settings.zone();
    let mut table = output::table(&["Token", "Name", "Role", "Made", "By", "Last used", "Ends", "Revoked"]);
    for token in &known {
        table.add_row([
            token.token.to_string(),
            token.name.clone(),
            token.role.to_string(),
            output::instant(Some(token.created_at), zone),
            token.created_by.clone(),
            output::instant(token.last_used_at, zone),
            output::instant(Some(token.expires_at), zone),
            token.revoked_at.map_or_else(String::new, |at| output::instant(Some(at), zone)),
        ]);
    }
    output::say(&table)?;
    Ok(Ended::InOrder)
}

async fn revoke(installation: &Installation, partner: &str, id: &str, by: &str) -> anyhow::Result<Ended> {
    let settings = installation.partner(partner).await?;
    let id = TokenId::parse(id)
        .with_context(|| format!("`kaseya-sync token list {partner}` shows the tokens' ids"))?;
    let operations = installation.operations(None)?;
    let came = operations.by(&Installation::actor(by)).revoke_any_token(&settings.partner, id).await?;
    anyhow::ensure!(
        came == LetOut::Done,
        "{partner} has no token {id}; `kaseya-sync token list {partner}` shows them"
    );
    output::say(&format_args!("the token {id} lets nobody in any more"))?;
    Ok(Ended::InOrder)
}
