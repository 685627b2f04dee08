//go:build tools

// Package engine pins the Pulumi CLI that scripts/lib/engine.mjs builds when no ready-made one can be had.
package engine

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
