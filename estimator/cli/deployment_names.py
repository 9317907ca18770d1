"""Every deployment by name, for the shell that completes a word.

The registry knows them too, but loads the numerical libraries first, which takes seconds; a person
who has pressed the tabulator key waits for less than one. A test holds this list against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ON_CLOUDS: Final[Mapping[str, str]] = {
    "aws.api_gateway": "API Gateway WebSocket",
    "aws.appsync_events": "AppSync Events",
    "aws.iot_core": "IoT Core, MQTT over WebSocket",
    "aws.alb_ec2": "Application Load Balancer and EC2",
    "aws.nlb_ec2": "Network Load Balancer and EC2",
    "aws.alb_fargate": "Application Load Balancer and Fargate",
    "azure.web_pubsub": "Web PubSub",
    "azure.signalr": "SignalR Service",
    "azure.application_gateway_vm": "Application Gateway and VMs",
    "azure.load_balancer_vm": "Load Balancer and VMs",
    "azure.container_apps": "Container Apps",
    "azure.app_service": "App Service",
    "gcp.cloud_run": "Cloud Run",
    "gcp.application_lb_cloud_run": "Cloud Run behind a load balancer",
    "gcp.application_lb_gce": "Application Load Balancer and VMs",
    "gcp.passthrough_nlb_gce": "Passthrough Network Load Balancer and VMs",
    "oci.load_balancer_vm": "Load balancer and VMs",
    "oci.network_load_balancer_vm": "Network load balancer and VMs",
    "oci.load_balancer_container_instances": "Load balancer and container instances",
}
"""Title of each deployment on a cloud, by id."""
BOUGHT: Final[Mapping[str, str]] = {
    "ably.per_minute": "Ably (legacy, closed to new accounts)",
    "pusher.channels": "Pusher Channels",
    "pubnub.transactions": "PubNub by transactions",
    "cloudflare.durable_objects": "Cloudflare Durable Objects",
    "supabase.realtime": "Supabase Realtime",
}
"""Title of each managed service that people would buy instead, by id."""
