//go:build tools

// Package tools makes the program a direct requirement, the only kind that Dependabot raises.
package tools

import _ "github.com/sigstore/cosign/v3/cmd/cosign"
