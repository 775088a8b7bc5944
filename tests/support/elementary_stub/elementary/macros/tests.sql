{# Signatures of elementary's generic tests. Each passes; none looks at data. #}

{% test volume_anomalies(
    model, timestamp_column, where_expression, anomaly_sensitivity, anomaly_direction,
    min_training_set_size, time_bucket, days_back, backfill_days, seasonality, sensitivity,
    ignore_small_changes, fail_on_zero, detection_delay, anomaly_exclude_metrics,
    detection_period, training_period, exclude_detection_period_from_training=none
) %}
    select 1 as id from {{ model }} where 1 = 0
{% endtest %}

{% test freshness_anomalies(
    model, timestamp_column, where_expression, anomaly_sensitivity, anomaly_direction,
    min_training_set_size, time_bucket, days_back, backfill_days, seasonality, sensitivity,
    ignore_small_changes, detection_delay, anomaly_exclude_metrics, detection_period,
    training_period, exclude_detection_period_from_training=none
) %}
    select 1 as id from {{ model }} where 1 = 0
{% endtest %}

{% test event_freshness_anomalies(
    model, event_timestamp_column, update_timestamp_column, where_expression,
    anomaly_sensitivity, anomaly_direction, min_training_set_size, time_bucket, days_back,
    backfill_days, seasonality, sensitivity, ignore_small_changes, detection_delay,
    anomaly_exclude_metrics, detection_period, training_period,
    exclude_detection_period_from_training=none
) %}
    select 1 as id from {{ model }} where 1 = 0
{% endtest %}

{% test column_anomalies(
    model, column_name, column_anomalies, timestamp_column, where_expression,
    anomaly_sensitivity, anomaly_direction, min_training_set_size, time_bucket, days_back,
    backfill_days, seasonality, sensitivity, ignore_small_changes, fail_on_zero,
    detection_delay, anomaly_exclude_metrics, detection_period, training_period, dimensions,
    min_value=none, exclude_detection_period_from_training=none
) %}
    select 1 as id from {{ model }} where 1 = 0
{% endtest %}

{% test all_columns_anomalies(
    model, column_anomalies, exclude_prefix, exclude_regexp, timestamp_column, where_expression,
    anomaly_sensitivity, anomaly_direction, min_training_set_size, time_bucket, days_back,
    backfill_days, seasonality, sensitivity, ignore_small_changes, fail_on_zero,
    detection_delay, anomaly_exclude_metrics, detection_period, training_period, dimensions,
    min_value=none, exclude_detection_period_from_training=none
) %}
    select 1 as id from {{ model }} where 1 = 0
{% endtest %}

{% test dimension_anomalies(
    model, dimensions, timestamp_column, where_expression, anomaly_sensitivity,
    anomaly_direction, min_training_set_size, time_bucket, days_back, backfill_days,
    seasonality, sensitivity, ignore_small_changes, fail_on_zero, detection_delay,
    anomaly_exclude_metrics, detection_period, training_period, exclude_final_results,
    min_value=none, exclude_detection_period_from_training=none
) %}
    select 1 as id from {{ model }} where 1 = 0
{% endtest %}

{% test schema_changes(
    model
) %}
    select 1 as id from {{ model }} where 1 = 0
{% endtest %}

{% test schema_changes_from_baseline(
    model, fail_on_added=false, enforce_types=false
) %}
    select 1 as id from {{ model }} where 1 = 0
{% endtest %}

{% test exposure_schema_validity(
    model, exposures, node, columns
) %}
    select 1 as id from {{ model }} where 1 = 0
{% endtest %}

{% test json_schema(
    model, column_name, where_expression
) %}
    select 1 as id from {{ model }} where 1 = 0
{% endtest %}
