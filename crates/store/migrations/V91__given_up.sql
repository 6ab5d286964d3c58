alter table jobs
    -- Why a slice was given up (JOB-03): every attempt broke off, or what its worker needs is too large to be sent.
    add column given_up text check (given_up in ('broke_off', 'too_large'));
