{{/* Combinations of values that can't work and that the schema can't express: all of them at once, each with what to write. */}}
{{- define "usher.validate" -}}
{{- include "usher.complete" . -}}
{{- $problems := list -}}
{{- if not (regexMatch "^[a-z]" (include "usher.fullname" .)) -}}
  {{- $problems = append $problems (printf "fullnameOverride: the names of Services begin with a letter, and the release is called %q. Write a name that does" .Release.Name) -}}
{{- end -}}
{{- $kafka := eq .Values.mode "kafka" -}}
{{- $pods := int (include "usher.pods" .) -}}

{{- if not $kafka -}}
  {{- if .Values.split -}}
    {{- $problems = append $problems "split: the embedded log is for one pod. Write mode: kafka, or split: false" -}}
  {{- end -}}
  {{- if gt (int .Values.replicas) 1 -}}
    {{- $problems = append $problems "replicas: the embedded log is for one pod. Write mode: kafka, or replicas: 1" -}}
  {{- end -}}
  {{- if .Values.kafka.brokers -}}
    {{- $problems = append $problems "kafka.brokers: the embedded log has no brokers. Write mode: kafka, or leave them out" -}}
  {{- end -}}
  {{- if .Values.kafka.options -}}
    {{- $problems = append $problems "kafka.options: the embedded log has none. Write mode: kafka, or leave them out" -}}
  {{- end -}}
  {{- if not (or .Values.persistence.enabled .Values.sandbox.enabled) -}}
    {{- $problems = append $problems "persistence.enabled: without a volume the embedded log is lost with its pod. Write true, or mode: kafka" -}}
  {{- end -}}
{{- else -}}
  {{- if not .Values.kafka.brokers -}}
    {{- $problems = append $problems "kafka.brokers: mode: kafka needs at least one broker. Write its address, like kafka.example.com:9092" -}}
  {{- end -}}
  {{- if .Values.persistence.existingClaim -}}
    {{- $problems = append $problems "persistence.existingClaim: with mode: kafka each pod has a claim of its own. Leave it out" -}}
  {{- end -}}
  {{- $engines := ternary (int (include "usher.replicas" (dict "part" .Values.engine))) (int .Values.replicas) .Values.split -}}
  {{- if gt $engines (int .Values.kafka.partitions) -}}
    {{- $problems = append $problems (printf "kafka.partitions: %d pods hold the engine, and only %d can have a partition. Write more partitions, or fewer pods" $engines (int .Values.kafka.partitions)) -}}
  {{- end -}}
{{- end -}}
{{- if and .Values.persistence.existingClaim (not .Values.persistence.enabled) -}}
  {{- $problems = append $problems "persistence.existingClaim: it is not used with persistence.enabled: false. Leave one of them out" -}}
{{- end -}}
{{- if and $kafka .Values.kafka.staticMembership -}}
  {{- if hasKey .Values.kafka.options "session.timeout.ms" -}}
    {{- $problems = append $problems "kafka.options: the chart sets session.timeout.ms. Write kafka.sessionTimeoutMs" -}}
  {{- end -}}
  {{- if hasKey .Values.kafka.options "group.instance.id" -}}
    {{- $problems = append $problems "kafka.options: the chart sets group.instance.id to the pod's name. Leave it out" -}}
  {{- end -}}
{{- end -}}
{{- if not .Values.split -}}
  {{- range $part, $replicas := dict "webhooks" nil "engine" nil "admin" 1.0 -}}
    {{- $values := get $.Values $part -}}
    {{- if or (and $values.replicas (ne (int $values.replicas) (int ($replicas | default 0)))) $values.resources -}}
      {{- $problems = append $problems (printf "%s: with split: false all pods are alike. Write replicas and resources, or split: true" $part) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if and .Values.split (ne (int .Values.replicas) 1) -}}
  {{- $problems = append $problems "replicas: with split: true write webhooks.replicas, engine.replicas and admin.replicas instead" -}}
{{- end -}}

{{- if not .Values.adminToken.existingSecret -}}
  {{- if gt $pods 1 -}}
    {{- $problems = append $problems "adminToken.existingSecret: with more than one pod each would make a token of its own. Name a Secret with the token" -}}
  {{- else if not (or .Values.persistence.enabled .Values.sandbox.enabled) -}}
    {{- $problems = append $problems "adminToken.existingSecret: without a volume the token is lost with its pod. Name a Secret with the token" -}}
  {{- end -}}
{{- end -}}
{{- $grace := add (int .Values.preStopSeconds) 30 -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) (int $grace) -}}
  {{- $problems = append $problems (printf "terminationGracePeriodSeconds: usher needs up to 30 s after preStopSeconds. Write at least %d" $grace) -}}
{{- end -}}

{{- if .Values.existingConfigMap -}}
  {{- if .Values.config -}}
    {{- $problems = append $problems "existingConfigMap: config is not used with it. Leave one of them out" -}}
  {{- end -}}
  {{- if .Values.sandbox.enabled -}}
    {{- $problems = append $problems "sandbox.enabled: the chart adds the sandbox's source to config. Leave existingConfigMap out" -}}
  {{- end -}}
{{- end -}}
{{- range $key := list "data_dir" "log" "admin" -}}
  {{- if hasKey $.Values.config $key -}}
    {{- $problems = append $problems (printf "config.%s: the chart sets it. Use the values of the chart" $key) -}}
  {{- end -}}
{{- end -}}
{{- if hasKey (.Values.config.webhooks | default dict) "listen" -}}
  {{- $problems = append $problems "config.webhooks.listen: the chart sets it. Use listenAddress" -}}
{{- end -}}
{{- if hasKey (.Values.config.webhooks | default dict) "linger" -}}
  {{- $problems = append $problems "config.webhooks.linger: preStopSeconds does the same before SIGTERM. Leave it out" -}}
{{- end -}}
{{- $files := dict -}}
{{- range .Values.secrets -}}
  {{- if hasKey $files .name -}}
    {{- $problems = append $problems (printf "secrets: %q is there twice. Give each entry a name of its own" .name) -}}
  {{- end -}}
  {{- $_ := set $files .name .items -}}
{{- end -}}
{{- range regexFindAll "\"file\":\"secrets/[^\"]+\"" (printf "%s %s" (toJson .Values.config) (toJson .Values.kafka.options)) -1 | uniq -}}
  {{- $path := trimSuffix "\"" (trimPrefix "\"file\":\"secrets/" .) -}}
  {{- $parts := splitn "/" 2 $path -}}
  {{- if not (has $parts._1 (get $files $parts._0 | default list)) -}}
    {{- $problems = append $problems (printf "secrets: { file: secrets/%s } is used, and no entry has the name %q with the item %q. Add it" $path $parts._0 ($parts._1 | default "")) -}}
  {{- end -}}
{{- end -}}

{{- if and .Values.ingress.enabled (not .Values.ingress.host) -}}
  {{- $problems = append $problems "ingress.host: an Ingress without a host takes the requests of all hosts. Write the host" -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
  {{- $problems = append $problems "httpRoute.parentRefs: an HTTPRoute belongs to a Gateway. Name it" -}}
{{- end -}}
{{- if and .Values.service.loadBalancerSourceRanges (ne .Values.service.type "LoadBalancer") -}}
  {{- $problems = append $problems "service.loadBalancerSourceRanges: only a LoadBalancer has them. Write service.type: LoadBalancer, or leave them out" -}}
{{- end -}}
{{- with .Values.networkPolicy -}}
  {{- if and .enabled (not .adminFrom) (or $.Values.monitoring.serviceMonitor.enabled $.Values.monitoring.podMonitor.enabled) -}}
    {{- $problems = append $problems "networkPolicy.adminFrom: Prometheus can't reach the admin port to scrape it. Write the labels of its namespace" -}}
  {{- end -}}
  {{- if and .egress.enabled (not .enabled) -}}
    {{- $problems = append $problems "networkPolicy.egress.enabled: it needs networkPolicy.enabled" -}}
  {{- end -}}
  {{- if and .egress.enabled $kafka (not .egress.brokers) -}}
    {{- $problems = append $problems "networkPolicy.egress.brokers: with mode: kafka the brokers must be reached. Write them as peers of a NetworkPolicy" -}}
  {{- end -}}
  {{- if and .egress.enabled $.Values.existingConfigMap -}}
    {{- if or .egress.products .egress.ciliumHosts -}}
      {{- $problems = append $problems "networkPolicy.egress: the ports of products and the hosts of ciliumHosts come from config.sources, and existingConfigMap hides these. Write networkPolicy.egress.additional instead" -}}
    {{- else if not .egress.additional -}}
      {{- $problems = append $problems "networkPolicy.egress.additional: the products must be reached, and existingConfigMap hides where they are. Write rules of a NetworkPolicy for them" -}}
    {{- end -}}
  {{- end -}}
  {{- if and .egress.enabled .egress.ciliumHosts (not .egress.products) -}}
    {{- range $port, $hosts := include "usher.endpoints" $ | fromJson -}}
      {{- range $hosts -}}
        {{- if regexMatch "^([0-9.]+|\\[.*\\])$" . -}}
          {{- $problems = append $problems (printf "networkPolicy.egress.ciliumHosts: %s is an address and no host's name. Write it as a peer under networkPolicy.egress.products too" .) -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- if and .egress.enabled $.Values.config.sources (not .egress.products) (not .egress.ciliumHosts) (not .egress.additional) -}}
    {{- $problems = append $problems "networkPolicy.egress.products: the products must be reached. Write them as peers of a NetworkPolicy, or ciliumHosts: true" -}}
  {{- end -}}
{{- end -}}

{{- range $part := list "webhooks" "engine" -}}
  {{- $scale := get $.Values.autoscaling $part -}}
  {{- if $scale.enabled -}}
    {{- if not $.Values.split -}}
      {{- $problems = append $problems (printf "autoscaling.%s.enabled: it scales pods of its own. Write split: true" $part) -}}
    {{- end -}}
    {{- if gt (int $scale.minReplicas) (int $scale.maxReplicas) -}}
      {{- $problems = append $problems (printf "autoscaling.%s.minReplicas: it is more than maxReplicas" $part) -}}
    {{- end -}}
    {{- if get (get $.Values $part) "replicas" -}}
      {{- $problems = append $problems (printf "%[1]s.replicas: autoscaling.%[1]s sets the number of pods. Leave one of them out" $part) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- if .Values.autoscaling.webhooks.enabled -}}
  {{- $resources := .Values.webhooks.resources | default .Values.resources -}}
  {{- if not (dig "cpu" "" ($resources.requests | default dict)) -}}
    {{- $problems = append $problems "autoscaling.webhooks.enabled: the utilization is a part of the CPU request, and there is none. Write webhooks.resources.requests.cpu" -}}
  {{- end -}}
{{- end -}}
{{- if .Values.autoscaling.engine.enabled -}}
  {{- if not .Values.autoscaling.engine.prometheusUrl -}}
    {{- $problems = append $problems "autoscaling.engine.prometheusUrl: KEDA reads the lag there. Write the URL of Prometheus" -}}
  {{- end -}}
  {{- if gt (int .Values.autoscaling.engine.maxReplicas) (int .Values.kafka.partitions) -}}
    {{- $problems = append $problems "autoscaling.engine.maxReplicas: only kafka.partitions pods can have a partition. Write at most that" -}}
  {{- end -}}
{{- end -}}
{{- if and .Values.monitoring.serviceMonitor.enabled .Values.monitoring.podMonitor.enabled -}}
  {{- $problems = append $problems "monitoring: a ServiceMonitor and a PodMonitor scrape the same pods twice. Enable one of them" -}}
{{- end -}}

{{- $alerts := include "usher.alerts" . | fromJsonArray -}}
{{- range .Values.monitoring.rules.disabled -}}
  {{- if not (has . $alerts) -}}
    {{- $problems = append $problems (printf "monitoring.rules.disabled: there is no alert %s. The alerts are %s" . (join ", " $alerts)) -}}
  {{- end -}}
{{- end -}}
{{- $problems = concat $problems (include "usher.namesTwice" . | fromJsonArray) -}}

{{- with $problems -}}
  {{- fail (printf "\n\nThese values can't work:\n\n  - %s\n" (join "\n  - " .)) -}}
{{- end -}}
{{- end -}}


{{/*
Refuses values that are missing: set to null, or not known to the release that `--reuse-values` takes them from. A template
would stop at them, or take them for 0.
*/}}
{{- define "usher.complete" -}}
{{- $missing := list -}}
{{- range splitList "\n" (include "usher.keys" . | trim) -}}
  {{- $at := $.Values -}}
  {{- $there := true -}}
  {{- range splitList "." . -}}
    {{- $there = and $there (kindIs "map" $at) (hasKey ($at | default dict) .) -}}
    {{- $at = ternary (get ($at | default dict) .) dict $there -}}
  {{- end -}}
  {{- if or (not $there) (kindIs "invalid" $at) -}}
    {{- $missing = append $missing . -}}
  {{- end -}}
{{- end -}}
{{- with $missing -}}
  {{- fail (printf "\n\nThese values are missing or null: %s\n\n  - Leave a value out to have its default. In an upgrade write --reset-then-reuse-values instead of --reuse-values\n" (join ", " .)) -}}
{{- end -}}
{{- end -}}

{{/* Names that the values give to parts of a pod and that are taken: problems as JSON. */}}
{{- define "usher.namesTwice" -}}
{{- $problems := list -}}
{{- $v := .Values -}}
{{- range $kind, $parts := dict
    "extraEnv" (list (list "POD_NAME" "RUST_LOG") $v.extraEnv)
    "extraVolumes" (list (list "config" "data" "tmp") $v.extraVolumes)
    "extraContainers, extraInitContainers" (list (list "check" "usher") (concat $v.extraContainers $v.extraInitContainers)) -}}
  {{- $taken := first $parts -}}
  {{- range last $parts -}}
    {{- if has .name $taken -}}
      {{- $problems = append $problems (printf "%s: the name %s is taken. %s" $kind .name (ternary "Use logLevel" "Write another one" (eq .name "RUST_LOG"))) -}}
    {{- end -}}
    {{- $taken = append $taken .name -}}
  {{- end -}}
{{- end -}}
{{- range $v.extraEnv -}}
  {{- if regexMatch "^USHER_(DATA_DIR|WEBHOOKS__LISTEN|WEBHOOKS__LINGER|ADMIN|ADMIN__.*|LOG|LOG__.*)$" .name -}}
    {{- $problems = append $problems (printf "extraEnv: the chart sets what %s stands for. Use the values of the chart" .name) -}}
  {{- end -}}
{{- end -}}
{{- $paths := list "/data" "/tmp" "/etc/usher" -}}
{{- range $v.extraVolumeMounts -}}
  {{- $path := clean .mountPath -}}
  {{- if or (has $path $paths) (hasPrefix "/etc/usher/" $path) -}}
    {{- $problems = append $problems (printf "extraVolumeMounts: %s is taken. Write another mountPath" .mountPath) -}}
  {{- end -}}
  {{- $paths = append $paths $path -}}
{{- end -}}
{{- $problems | toJson -}}
{{- end -}}
