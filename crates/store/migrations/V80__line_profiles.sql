-- How V1 shows and takes a contract's lines: a profile's TOML text, of the installation or of one partner whose tenant differs.
-- Null stands for the profile that comes with the program. Routes that were set before become a profile.
alter table installation add column line_profile text;
alter table integrations add column line_profile text;
update installation set line_profile = format(
    E'name = "own-routes"\n[read]\nroute = "%s"\nrows = "Result"\ntotal = "TotalRecords"\npaging = "skip"\npage_size = 100\n'
    '[write]\nmethod = "put"\nroute = "%s"\nbody = "line"\n', lines_route, line_route)
where lines_route is not null;
alter table installation drop column lines_route, drop column line_route;
