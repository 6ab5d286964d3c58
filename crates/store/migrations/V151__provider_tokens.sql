-- Tokens of the provider, which say what was counted and charged; no member has this role.
alter table api_tokens
    drop constraint api_tokens_role_check,
    add constraint api_tokens_role_check check (role in ('viewer', 'editor', 'admin', 'provider'));
