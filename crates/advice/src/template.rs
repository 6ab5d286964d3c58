//! The syntax of texts.
//!
//! Plain words, and groups in brackets that need facts: `The service[ "{service}"] is not on the contract.` A group
//! without all its facts is left out. With `|` it has alternatives, and the first with all its facts is used: `[the
//! units of {last_sent_day}|the units that Kaseya shows now]`. Facts occur only in groups, so that no text can have a
//! gap. Groups do not nest. `vocabulary.rs` lists the names allowed in braces.

/// Fills a text. `fact` returns the words for a name in braces, or `None` if they are not known.
pub(crate) fn fill(template: &str, fact: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((words, from_group)) = rest.split_once('[') {
        text.push_str(words);
        let (group, after) = from_group.split_once(']').unwrap_or((from_group, ""));
        text.extend(group.split('|').find_map(|way| fill_way(way, &fact)));
        rest = after;
    }
    text.push_str(rest);
    text
}

/// One alternative of a group.
fn fill_way(way: &str, fact: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut text = String::new();
    let mut rest = way;
    while let Some((words, from_name)) = rest.split_once('{') {
        let (name, after) = from_name.split_once('}')?;
        text.push_str(words);
        text.push_str(&fact(name)?);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
pub(crate) mod writing {
    //! Checks a text's syntax.

    /// The names in braces; an error says what is wrong.
    pub(crate) fn names(template: &str) -> Result<Vec<&str>, String> {
        let mut names = Vec::new();
        let mut rest = template;
        while let Some((words, from_group)) = rest.split_once('[') {
            plain(words)?;
            let (group, after) = from_group.split_once(']').ok_or(format!("no end: {from_group}"))?;
            if group.contains('[') {
                return Err(format!("a group in a group: {group}"));
            }
            let mut ways = group.split('|').peekable();
            while let Some(way) = ways.next() {
                let in_way = names_of_way(way)?;
                if in_way.is_empty() && ways.peek().is_some() {
                    return Err(format!("what follows this is never said: {way}"));
                }
                names.extend(in_way);
            }
            rest = after;
        }
        plain(rest)?;
        Ok(names)
    }

    fn plain(words: &str) -> Result<(), String> {
        if words.contains([']', '{', '}', '|']) { Err(format!("outside a group: {words}")) } else { Ok(()) }
    }

    fn names_of_way(way: &str) -> Result<Vec<&str>, String> {
        way.split('{')
            .skip(1)
            .map(|from| {
                from.split_once('}').map(|(name, _)| name).ok_or_else(|| format!("no closing brace: {way}"))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> Option<String> {
        match name {
            "service" => Some("[X|{Y}]".to_owned()),
            "users" => Some("14 users".to_owned()),
            _ => None,
        }
    }

    #[test]
    fn a_group_is_said_when_its_facts_are_there() {
        let filled = |template| fill(template, known);
        assert_eq!(filled("The service[ {service}] is off."), "The service [X|{Y}] is off.");
        assert_eq!(filled("The contract[ {contract}] is off."), "The contract is off.");
        assert_eq!(filled("[{contract}: {users}|{users} in all|nothing]."), "14 users in all.");
        assert_eq!(filled("[{contract}|nothing]."), "nothing.");
        assert_eq!(filled("plain"), "plain");
        assert_eq!(filled(""), "");
    }

    #[test]
    fn a_text_that_is_not_well_written_is_found() {
        for wrong in ["{users}", "a]", "[{users}", "[a[b]]", "[{users]", "[a|b]"] {
            assert!(writing::names(wrong).is_err(), "{wrong}");
        }
        assert_eq!(writing::names("[{a} {b}|{c}|d] e[ {f}]"), Ok(vec!["a", "b", "c", "f"]));
    }
}
