-- How V1 shows and takes a contract's lines: a profile's TOML text, of the installation or of one partner whose tenant differs.
-- Null stands for the profile that comes with the program.
alter table installation drop column lines_route, drop column line_route, add column line_profile text;
alter table integrations add column line_profile text;
