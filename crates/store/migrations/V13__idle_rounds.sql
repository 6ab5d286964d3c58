-- Rounds that ask every second for integrations that are off, or being switched off, read those alone.
create index integrations_not_on on integrations (partner_id) where state <> 'on';
