# Asks this container's service whether it is ready. bash and not node: this runs every few seconds in every container,
# and starting Node each time costs some 60 ms of CPU, this one or two.
exec 3<>"/dev/tcp/127.0.0.1/${PORT:-8080}" || exit 1
printf 'GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r -t 3 _ status _ <&3
echo "readyz answered ${status:-nothing}"
[ "$status" = 200 ]
