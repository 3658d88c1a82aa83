{{/*
The pod of one part of usher. Takes a dict: `root` (the chart's scope), `part` (its name; "" if there is only one), `roles`
(none: all), `resources`, `deployment` (whether it is a Deployment's, without a claim).
*/}}
{{- define "usher.pod" -}}
{{- $root := .root -}}
{{- $webhooks := or (not .roles) (has "webhooks" .roles) -}}
metadata:
  labels:
    {{- include "usher.podLabels" $root | nindent 4 }}
    {{- with .part }}
    app.kubernetes.io/component: {{ . }}
    {{- end }}
  annotations:
    {{- $annotations := dict "kubectl.kubernetes.io/default-container" "usher" }}
    {{- if not $root.Values.existingConfigMap }}
    {{- $_ := set $annotations "checksum/restart" (include "usher.restartConfig" $root | sha256sum) }}
    {{- end }}
    {{- merge $annotations $root.Values.podAnnotations | toYaml | nindent 4 }}
spec:
  serviceAccountName: {{ include "usher.serviceAccountName" $root | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
  {{- with $root.Values.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- with include "usher.pullSecrets" $root }}
  {{- . | nindent 2 }}
  {{- end }}
  securityContext:
    {{- toYaml $root.Values.podSecurityContext | nindent 4 }}
  {{- with $root.Values.hostAliases }}
  hostAliases:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.dnsConfig }}
  dnsConfig:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if or $root.Values.check.enabled $root.Values.extraInitContainers }}
  initContainers:
    {{- with $root.Values.extraInitContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- if $root.Values.check.enabled }}
    - name: check
      image: {{ include "usher.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [check, --config, /etc/usher/usher.yaml]
      {{- include "usher.container" . | nindent 6 }}
    {{- end }}
  {{- end }}
  containers:
    - name: usher
      image: {{ include "usher.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args:
        - serve
        - --config
        - /etc/usher/usher.yaml
        {{- with .roles }}
        - --roles={{ join "," . }}
        {{- end }}
      {{- include "usher.container" . | nindent 6 }}
      ports:
        {{- if $webhooks }}
        - { name: webhooks, containerPort: 8080, protocol: TCP }
        {{- end }}
        - { name: admin, containerPort: 8081, protocol: TCP }
      # Liveness depends on nothing outside the process, readiness on the log.
      startupProbe:
        httpGet: { path: /healthz, port: admin }
        periodSeconds: 2
        failureThreshold: 150
      livenessProbe:
        httpGet: { path: /healthz, port: admin }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: admin }
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      {{- if and $webhooks (gt (int $root.Values.preStopSeconds) 0) }}
      lifecycle:
        preStop:
          sleep: { seconds: {{ $root.Values.preStopSeconds }} }
      {{- end }}
    {{- with $root.Values.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "usher.volumes" . | nindent 4 }}
  {{- with $root.Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- if $root.Values.topologySpreadConstraints }}
    {{- toYaml $root.Values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    {{- $scope := . }}
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      matchLabelKeys: [{{ ternary "pod-template-hash" "controller-revision-hash" $scope.deployment }}]
      labelSelector:
        matchLabels:
          {{- include "usher.selector" $root | nindent 10 }}
          {{- with $scope.part }}
          app.kubernetes.io/component: {{ . }}
          {{- end }}
    {{- end }}
    {{- end }}
{{- end -}}

{{/* What both containers of a pod have in common. */}}
{{- define "usher.container" -}}
{{- $root := .root -}}
securityContext:
  {{- toYaml $root.Values.securityContext | nindent 2 }}
resources:
  {{- toYaml (.resources | default $root.Values.resources) | nindent 2 }}
env:
  - name: POD_NAME
    valueFrom: { fieldRef: { fieldPath: metadata.name } }
  - name: RUST_LOG
    value: {{ $root.Values.logLevel | quote }}
  {{- if $root.Values.existingConfigMap }}
  {{- include "usher.settingsEnv" $root | nindent 2 }}
  {{- end }}
  {{- with $root.Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
volumeMounts:
  - { name: config, mountPath: /etc/usher, readOnly: true }
  - { name: data, mountPath: /data }
  - { name: tmp, mountPath: /tmp }
  {{- with $root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* The claims of a StatefulSet. They have the selector's labels only: the API server refuses any change of them. */}}
{{- define "usher.claims" -}}
{{- if and .Values.persistence.enabled (not .Values.persistence.existingClaim) }}
persistentVolumeClaimRetentionPolicy: { whenDeleted: Retain, whenScaled: Retain }
volumeClaimTemplates:
  - metadata:
      name: data
      labels:
        {{- include "usher.selector" . | nindent 8 }}
      {{- with .Values.persistence.annotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      accessModes: {{ toJson .Values.persistence.accessModes }}
      {{- with .Values.persistence.storageClass }}
      storageClassName: {{ . | quote }}
      {{- end }}
      resources: { requests: { storage: {{ .Values.persistence.size | quote }} } }
{{- end }}
{{- end -}}

{{/* The volumes of a pod. Takes the dict of usher.pod. */}}
{{- define "usher.volumes" -}}
{{- $root := .root -}}
# One projected volume: the configuration and all secrets change together. A subPath would not be updated.
- name: config
  projected:
    defaultMode: 0440
    sources:
      - configMap:
          name: {{ include "usher.configMapName" $root | quote }}
          items: [{ key: usher.yaml, path: usher.yaml }]
      {{- if $root.Values.adminToken.existingSecret }}
      - secret:
          name: {{ $root.Values.adminToken.existingSecret | quote }}
          items: [{ key: {{ $root.Values.adminToken.key | quote }}, path: secrets/admin/token }]
      {{- end }}
      {{- range $root.Values.secrets }}
      {{- $folder := .name }}
      - secret:
          name: {{ .existingSecret | quote }}
          items:
            {{- range .items }}
            - { key: {{ . | quote }}, path: {{ printf "secrets/%s/%s" $folder . | quote }} }
            {{- end }}
      {{- end }}
- name: tmp
  emptyDir: {}
{{- if or .deployment (not $root.Values.persistence.enabled) }}
- name: data
  emptyDir: {}
{{- else if $root.Values.persistence.existingClaim }}
- name: data
  persistentVolumeClaim: { claimName: {{ $root.Values.persistence.existingClaim | quote }} }
{{- end }}
{{- with $root.Values.extraVolumes }}
{{- toYaml . | nindent 0 }}
{{- end }}
{{- end -}}
