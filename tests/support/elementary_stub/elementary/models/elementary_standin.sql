-- One model, so that configuration under `models: elementary:` applies to something.
select 1 as id
