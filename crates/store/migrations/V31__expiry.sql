-- When whoever asked for a run wants none of it any more: asked again at each start of its jobs and at each permit. Null: never.
alter table runs add column expires_at timestamptz;
