-- The last price above 0 that the line was seen with: what units at a price of 0 would bring. Null before there was one.
alter table lines add column charged_price double precision;
update lines set charged_price = unit_price where unit_price > 0;
