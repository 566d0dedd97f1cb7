//! `{% lorem %}`: Django's filler text. Where Django draws lots, the words come in
//! the order of its list, so that a template gives the same text every time.

use minijinja::{Environment, Value};

use super::failure::too_large;
use crate::{Limits, python};

/// The words every text starts with.
const COMMON: &str = "\
    lorem ipsum dolor sit amet consectetur adipisicing elit sed do eiusmod tempor incididunt ut \
    labore et dolore magna aliqua";

/// The words of what follows.
const WORDS: &str = "\
    exercitationem perferendis perspiciatis laborum eveniet sunt iure nam nobis eum cum officiis \
    excepturi odio consectetur quasi aut quisquam vel eligendi itaque non odit tempore quaerat \
    dignissimos facilis neque nihil expedita vitae vero ipsum nisi animi cumque pariatur velit modi \
    natus iusto eaque sequi illo sed ex et voluptatibus tempora veritatis ratione assumenda incidunt \
    nostrum placeat aliquid fuga provident praesentium rem necessitatibus suscipit adipisci quidem \
    possimus voluptas debitis sint accusantium unde sapiente voluptate qui aspernatur laudantium \
    soluta amet quo aliquam saepe culpa libero ipsa dicta reiciendis nesciunt doloribus autem \
    impedit minima maiores repudiandae ipsam obcaecati ullam enim totam delectus ducimus quis \
    voluptates dolores molestiae harum dolorem quia voluptatem molestias magni distinctio omnis \
    illum dolorum voluptatum ea quas quam corporis quae blanditiis atque deserunt laboriosam earum \
    consequuntur hic cupiditate quibusdam accusamus ut rerum error minus eius ab ad nemo fugit \
    officia at in id quos reprehenderit numquam iste fugiat sit inventore beatae repellendus magnam \
    recusandae quod explicabo doloremque aperiam consequatur asperiores commodi optio dolor labore \
    temporibus repellat veniam architecto est esse mollitia nulla a similique eos alias dolore \
    tenetur deleniti porro facere maxime corrupti";

/// The first paragraph.
const PARAGRAPH: &str = "\
    Lorem ipsum dolor sit amet, consectetur adipisicing elit, sed do eiusmod tempor incididunt ut \
    labore et dolore magna aliqua. Ut enim ad minim veniam, quis nostrud exercitation ullamco \
    laboris nisi ut aliquip ex ea commodo consequat. Duis aute irure dolor in reprehenderit in \
    voluptate velit esse cillum dolore eu fugiat nulla pariatur. Excepteur sint occaecat cupidatat \
    non proident, sunt in culpa qui officia deserunt mollit anim id est laborum.";

/// The words of a paragraph that is not the first, and of its sentences.
const PARAGRAPH_WORDS: usize = 40;
const SENTENCE_WORDS: usize = 10;

/// Adds the function that the tag becomes.
pub(super) fn add_to(environment: &mut Environment<'_>, limits: Limits) {
    environment.add_function("lorem", move |count: Value, method: &str, common: bool| {
        let count = python::to_i64(&count).unwrap_or(1);
        lorem(count, method, common, limits.output_bytes).ok_or_else(|| too_large(limits))
    });
}

/// Makes `count` words (`w`), paragraphs of HTML (`p`) or plain ones (`b`);
/// `None` if that is more than `limit` bytes.
fn lorem(count: i64, method: &str, common: bool, limit: usize) -> Option<Value> {
    let mut words = WORDS.split(' ').cycle();
    let mut pieces: Vec<String> = Vec::new();
    let mut length = 0;
    let (separator, common_words) = match method {
        "w" => (" ", COMMON.split(' ').collect()),
        _ => ("\n\n", Vec::new()),
    };
    let mut common_words = common_words
        .into_iter()
        .take(if common { usize::MAX } else { 0 });
    // Python's slice with a negative end.
    let count = match usize::try_from(count) {
        Ok(count) => count,
        Err(_) if method == "w" && common => {
            let words = i64::try_from(COMMON.split(' ').count()).unwrap_or(0);
            usize::try_from(words.saturating_add(count)).unwrap_or(0)
        }
        Err(_) => 0,
    };
    while pieces.len() < count {
        let piece = match method {
            "w" => common_words.next().or_else(|| words.next())?.to_owned(),
            _ if common && pieces.is_empty() => PARAGRAPH.to_owned(),
            _ => paragraph(&mut words),
        };
        let piece = if method == "p" {
            format!("<p>{piece}</p>")
        } else {
            piece
        };
        length += piece.len() + separator.len();
        if length > limit {
            return None;
        }
        pieces.push(piece);
    }
    Some(Value::from_safe_string(pieces.join(separator)))
}

fn paragraph<'a>(words: &mut impl Iterator<Item = &'a str>) -> String {
    let words: Vec<&str> = words.take(PARAGRAPH_WORDS).collect();
    let sentences: Vec<String> = words
        .chunks(SENTENCE_WORDS)
        .map(|sentence| {
            let mut sentence = sentence.join(" ");
            if let Some(first) = sentence.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            sentence + "."
        })
        .collect();
    sentences.join(" ")
}
