//! `dead-letters`: the messages that could not be processed.

use comfy_table::ColumnConstraint;
use domain::PartnerId;
use jiff::tz::TimeZone;
use serde::Serialize;
use store::messages::dead_letters::{self, Letter};
use uuid::Uuid;

use crate::{
    command_line::{LetterDecided, LetterOrder},
    ended::Ended,
    installation::Installation,
    output::{self, instant},
};

/// The maximum number of letters in a list.
const MOST: i64 = 1_000;

/// `--json`: one letter.
#[derive(Serialize)]
struct Document<'a> {
    id: Uuid,
    queue: &'a str,
    partner: Option<&'a str>,
    reason: &'a str,
    state: &'a str,
    times: i32,
    first_at: String,
    last_at: String,
    decided_by: Option<&'a str>,
    decided_at: Option<String>,
    body_bytes: i64,
    body_sha256: &'a str,
    /// Whether the whole body was kept, so that it can be sent again.
    whole: bool,
}

impl<'a> Document<'a> {
    fn of(letter: &'a Letter) -> Self {
        Self {
            id: letter.new.letter,
            queue: &letter.new.queue,
            partner: letter.new.partner.as_ref().map(PartnerId::as_str),
            reason: &letter.new.reason,
            state: &letter.state,
            times: letter.times,
            first_at: letter.first_at.to_string(),
            last_at: letter.last_at.to_string(),
            decided_by: letter.decided.as_ref().map(|(by, _)| by.as_str()),
            decided_at: letter.decided.as_ref().map(|(_, at)| at.to_string()),
            body_bytes: letter.new.body_bytes,
            body_sha256: &letter.new.body_sha256,
            whole: letter.is_whole(),
        }
    }
}

pub(crate) async fn command(
    installation: &Installation,
    all: bool,
    json: bool,
    order: Option<LetterOrder>,
) -> anyhow::Result<Ended> {
    match order {
        None => list(installation, all, json).await,
        Some(LetterOrder::Show { id }) => show(&read(installation, id).await?, json),
        Some(LetterOrder::Send(decided)) => send(installation, &decided).await,
        Some(LetterOrder::Drop(decided)) => {
            let letter = read(installation, decided.id).await?;
            if let Some(refused) = already(&letter) {
                return Ok(refused);
            }
            decide(installation, &decided, "dropped").await?;
            output::say(&format_args!("{} is dropped", decided.id))?;
            Ok(Ended::InOrder)
        }
    }
}

async fn list(installation: &Installation, all: bool, json: bool) -> anyhow::Result<Ended> {
    let letters = installation
        .store
        .transaction("list_letters", |tx| Box::pin(dead_letters::list(tx, all, MOST)))
        .await?;
    let waits = letters.iter().any(|letter| letter.state == "kept");
    if json {
        let documents: Vec<Document<'_>> = letters.iter().map(Document::of).collect();
        output::say(&serde_json::to_string_pretty(&documents)?)?;
    } else if letters.is_empty() {
        output::say(&"no dead letter waits for a person")?;
    } else {
        let mut table =
            output::table(&["letter", "queue", "partner", "last put aside", "times", "state", "reason"]);
        for letter in &letters {
            let decided = letter.decided.as_ref().map(|(by, _)| format!(" by {by}")).unwrap_or_default();
            table.add_row([
                letter.new.letter.to_string(),
                letter.new.queue.clone(),
                letter.new.partner.as_ref().map(ToString::to_string).unwrap_or_default(),
                instant(Some(letter.last_at), &TimeZone::UTC),
                letter.times.to_string(),
                format!("{}{decided}", letter.state),
                letter.new.reason.clone(),
            ]);
        }
        // The letter's id is meant to be copied: never split it over two lines.
        if let Some(id) = table.column_mut(0) {
            id.set_constraint(ColumnConstraint::ContentWidth);
        }
        output::say(&table)?;
        output::tell(&"`kaseya-sync dead-letters show`, `send` or `drop` with a letter's id goes on");
    }
    Ok(if waits { Ended::NotInOrder } else { Ended::InOrder })
}

fn show(letter: &Letter, json: bool) -> anyhow::Result<Ended> {
    let document = Document::of(letter);
    if json {
        let mut document = serde_json::to_value(document)?;
        document["body"] = String::from_utf8_lossy(&letter.new.body).into();
        output::say(&serde_json::to_string_pretty(&document)?)?;
        return Ok(Ended::InOrder);
    }
    let facts = serde_json::to_value(document)?;
    for (name, value) in facts.as_object().into_iter().flatten() {
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::String(text) => output::say(&format_args!("{name}: {text}"))?,
            value => output::say(&format_args!("{name}: {value}"))?,
        }
    }
    output::say(&"")?;
    output::say(&String::from_utf8_lossy(&letter.new.body))?;
    Ok(Ended::InOrder)
}

async fn send(installation: &Installation, decided: &LetterDecided) -> anyhow::Result<Ended> {
    let letter = read(installation, decided.id).await?;
    if let Some(refused) = already(&letter) {
        return Ok(refused);
    }
    anyhow::ensure!(
        letter.is_whole(),
        "of the {} bytes of {} only the start was kept: its sender must send it again",
        letter.new.body_bytes,
        decided.id
    );
    let id = installation.entropy.uuid(installation.clock.now());
    let Some((queue, message)) = results::sent_again(&letter.new, id) else {
        anyhow::bail!("{} came from {}, which takes no messages: drop it", decided.id, letter.new.queue);
    };
    match installation.bus()? {
        Some(bus) => {
            bus.publish(queue, message).await?;
            decide(installation, decided, "sent").await?;
        }
        // The bus belongs to the running program, which finds the decision in the database.
        None => decide(installation, decided, "sending").await?,
    }
    output::say(&format_args!("{} is sent to {}", decided.id, queue.name()))?;
    Ok(Ended::InOrder)
}

fn already(letter: &Letter) -> Option<Ended> {
    if letter.state == "kept" {
        return None;
    }
    let by = letter.decided.as_ref().map(|(by, at)| format!(" by {by} at {at}")).unwrap_or_default();
    output::complain(&format_args!("{} is {}{by}", letter.new.letter, letter.state));
    Some(Ended::Refused)
}

async fn read(installation: &Installation, id: Uuid) -> anyhow::Result<Letter> {
    installation
        .store
        .transaction("read_letter", |tx| Box::pin(dead_letters::read(tx, id)))
        .await?
        .ok_or_else(|| anyhow::anyhow!("there is no dead letter {id}; `kaseya-sync dead-letters` lists them"))
}

async fn decide(
    installation: &Installation,
    decided: &LetterDecided,
    state: &'static str,
) -> anyhow::Result<()> {
    let now = installation.clock.now();
    installation
        .store
        .transaction("decide_letter", |tx| {
            Box::pin(dead_letters::decide(tx, decided.id, state, &decided.by, now))
        })
        .await?;
    Ok(())
}
