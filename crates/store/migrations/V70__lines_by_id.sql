-- A line id that is known on another contract is looked for at each permit and at each reading.
create index lines_by_id on lines (partner_id, line_id);
