-- An id that was used with other content is refused (G-08): what came under it, as a hash. Null: of before this was kept.
alter table requests add column content_sha256 bytea;
alter table holds add column decision_sha256 bytea;
