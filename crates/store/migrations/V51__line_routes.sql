-- V1's routes of a contract's lines, for all programs of the installation; null stands for the guess that is built in.
alter table installation
    add column lines_route text,
    add column line_route text,
    add check ((lines_route is null) = (line_route is null));
